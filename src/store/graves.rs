//! What is remembered of objects that lived outside of the window only.
//!
//! Their records are forgotten; what remains is that they were, for what else the log says must not be taken for theirs, nor
//! they for it. Nothing here is ever guessed: where something that was read bears upon one of them, that is a doubt, and
//! the archive is read again without forgetting it ([`Spared`]).
//!
//! A long log has millions of them, and so many are kept in [tables](Table) of which the disk holds most: memory does not grow
//! with the log.

use super::Entry;
use super::draft::Draft;
use super::focus::{Focus, Spared};
use super::lives::{LATE, shows_an_object, time};
use super::told::Told;
use crate::decode::Change;
use crate::decode::audit::CLOCKS_APART;
use crate::fingerprint::{Fingerprints, Uid};
use crate::model::{ObjectKey, Timestamp};
use crate::scratch::{Bytes, Fixed, Room, SpillError, Table};

/// An object whose records are forgotten.
#[derive(Clone, Copy)]
struct Buried {
    /// The hash of its key.
    key: u64,
    /// It was not born before this.
    start: Timestamp,
    told: Told,
    /// Whether it lived after the focus, and not before.
    is_late: bool,
    /// Whether any of its records shows it, so that it counts.
    is_shown: bool,
}

impl Fixed for Buried {
    const SIZE: usize = 2 * 8 + Told::SIZE + 1;

    fn put(&self, out: &mut Vec<u8>) {
        let Buried { key, start, told, is_late, is_shown } = self;
        out.extend_from_slice(&key.to_le_bytes());
        start.put(out);
        told.put(out);
        out.push(u8::from(*is_late) << 1 | u8::from(*is_shown));
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        let (key, start, told) = (u64::from_le_bytes(bytes.next()), Timestamp::get(bytes), Told::get(bytes));
        let [flags] = bytes.next();
        Buried { key, start, told, is_late: flags & 2 != 0, is_shown: flags & 1 != 0 }
    }
}

/// What is remembered of one when it is buried.
#[derive(Clone, Copy)]
pub(super) struct Remains {
    pub uid: Uid,
    /// The hash of its key.
    pub key: u64,
    pub told: Told,
    /// It was not born before this.
    pub start: Timestamp,
    pub is_shown: bool,
}

/// When the objects lived that bore a key and are buried.
#[derive(Clone, Copy, Debug)]
struct Grave {
    /// Those before the focus: when the last of them was born, at the latest and at the earliest, and when something was seen
    /// of one last.
    born: Timestamp,
    start: Timestamp,
    until: Timestamp,
    /// Those after it: when the first of them was born or seen.
    since: Timestamp,
}

const EMPTY: Grave =
    Grave { born: Timestamp::MIN, start: Timestamp::MIN, until: Timestamp::MIN, since: Timestamp::MAX };

impl Fixed for Grave {
    const SIZE: usize = 4 * 8;

    fn put(&self, out: &mut Vec<u8>) {
        [self.born, self.start, self.until, self.since].iter().for_each(|at| at.put(out));
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        let [born, start, until, since] = [(); 4].map(|()| Timestamp::get(bytes));
        Grave { born, start, until, since }
    }
}

/// Of the pods of a ReplicaSet: what decides, beside their births, to which Deployment they belong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Labels {
    /// All have these, by their hash.
    Same(u64),
    /// They differ.
    Mixed,
}

impl Fixed for Labels {
    const SIZE: usize = 1 + 8;

    fn put(&self, out: &mut Vec<u8>) {
        let (is_mixed, hash) = match *self {
            Labels::Same(hash) => (false, hash),
            Labels::Mixed => (true, 0),
        };
        out.push(u8::from(is_mixed));
        out.extend_from_slice(&hash.to_le_bytes());
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        let ([is_mixed], hash) = (bytes.next(), u64::from_le_bytes(bytes.next()));
        if is_mixed == 0 { Labels::Same(hash) } else { Labels::Mixed }
    }
}

/// All that are buried.
pub struct Graves {
    fingerprints: Fingerprints,
    /// By the hashes of their uids.
    buried: Table<Buried>,
    by_key: Table<Grave>,
    /// By the hash of the reference to the ReplicaSet.
    templates: Table<Labels>,
    /// How many objects they are.
    count: u64,
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Kept,
    /// It is of a buried object, and tells nothing more.
    Forgotten,
    /// It is of a buried object, which lived in the focus too.
    Doubtful,
}

impl Graves {
    /// None is buried yet. `room`: for each table.
    pub(super) fn new(fingerprints: Fingerprints, room: &Room) -> Self {
        let (buried, by_key, templates) = (Table::new(room), Table::new(room), Table::new(room));
        Graves { fingerprints, buried, by_key, templates, count: 0 }
    }

    /// Whether all that this told can be trusted.
    ///
    /// # Errors
    /// It cannot: the disk, which holds most of it, failed.
    pub(crate) fn sound(&mut self) -> Result<(), SpillError> {
        self.buried.sound().and_then(|()| self.by_key.sound()).and_then(|()| self.templates.sound())
    }

    /// Likewise, in a word.
    pub(super) fn is_sound(&self) -> bool {
        self.buried.is_sound() && self.by_key.is_sound() && self.templates.is_sound()
    }

    /// How many objects are buried.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether an object is.
    pub(crate) fn holds(&self, uid: Uid) -> bool {
        self.buried.get(self.fingerprints.hash(&uid)).is_some()
    }

    /// Whether one of a key is; then its hash.
    pub(crate) fn of_key(&self, key: &ObjectKey) -> Option<u64> {
        let hash = self.hash(key);
        self.by_key.get(hash).map(|_| hash)
    }

    /// By when at the latest what bore a key before has ended, since one was born that is buried.
    pub(super) fn replaced_by(&self, key: u64) -> Timestamp {
        self.by_key.get(key).map_or(Timestamp::MIN, |grave| grave.start)
    }

    pub(crate) fn fingerprints(&self) -> Fingerprints {
        self.fingerprints
    }

    pub(super) fn hash(&self, key: &ObjectKey) -> u64 {
        self.fingerprints.hash(key)
    }

    /// When watches told of a buried object.
    pub(super) fn told(&self, uid: Uid) -> Option<Told> {
        self.buried.get(self.fingerprints.hash(&uid)).map(|buried| buried.told)
    }

    /// The labels of the buried pods that have a reference, by its hash.
    pub(crate) fn labels(&self, reference: u64) -> Option<Labels> {
        self.templates.get(reference)
    }

    pub(super) fn learn_labels(&mut self, reference: u64, labels: u64) {
        let labels = Labels::Same(labels);
        match self.templates.get(reference) {
            Some(known) if known == labels => {}
            Some(_) => self.templates.put(reference, Labels::Mixed),
            None => self.templates.put(reference, labels),
        }
    }

    /// Buries an object that was over before the focus.
    pub(super) fn bury_early(&mut self, remains: Remains, (born, until): (Timestamp, Timestamp)) {
        let mut grave = self.bury(remains, false);
        if remains.is_shown {
            grave.start = grave.start.max(remains.start);
        }
        (grave.born, grave.until) = (grave.born.max(born), grave.until.max(until));
        self.by_key.put(remains.key, grave);
    }

    /// Buries an object that began after the focus.
    pub(super) fn bury_late(&mut self, remains: Remains, since: Timestamp) {
        let mut grave = self.bury(remains, true);
        grave.since = grave.since.min(since);
        self.by_key.put(remains.key, grave);
    }

    /// Gives what is known of those before it that bore its key.
    fn bury(&mut self, remains: Remains, is_late: bool) -> Grave {
        let Remains { uid, key, told, start, is_shown } = remains;
        self.buried.put(self.fingerprints.hash(&uid), Buried { key, start, told, is_late, is_shown });
        self.count += u64::from(is_shown);
        self.by_key.get(key).unwrap_or(EMPTY)
    }

    /// Takes that a server knew of no object of a key, where one is buried and none is kept. Gives whether that is all that
    /// is to be kept of it.
    pub(super) fn absent(&mut self, key: u64, at: Timestamp, focus: &Focus) -> bool {
        let Some(mut grave) = self.by_key.get(key) else { return false };
        if focus.is_before(at) {
            grave.until = grave.until.max(at);
        } else if focus.is_after(at) {
            grave.since = grave.since.min(at);
        }
        self.by_key.put(key, grave);
        !focus.holds(at)
    }

    /// What becomes of a record that comes after its object may have been buried.
    pub(super) fn admit(&mut self, key: &ObjectKey, entry: &Entry, focus: &Focus) -> Admission {
        let Some(uid) = entry.uid.filter(|_| !self.buried.is_empty()) else { return Admission::Kept };
        let of_uid = self.fingerprints.hash(&uid);
        let Some(mut buried) = self.buried.get(of_uid) else { return Admission::Kept };
        let (at, hash) = (time(entry), self.fingerprints.hash(key));
        let same_side = match buried.is_late {
            false => focus.is_before(at),
            true => focus.is_after(at) && entry.created.is_none_or(|created| focus.is_after(created)),
        };
        // One that was born before may have been taken for what an earlier one ended by.
        let is_earlier = !buried.is_late && at.min(entry.created.unwrap_or(at)) < buried.start;
        if hash != buried.key || !same_side || is_earlier {
            return Admission::Doubtful;
        }
        buried.told.again(at, entry.stream);
        if !buried.is_shown && shows_an_object(entry) {
            buried.is_shown = true;
            self.count += 1;
        }
        self.buried.put(of_uid, buried);
        let mut grave = self.by_key.get(hash).unwrap_or(EMPTY);
        if buried.is_late {
            grave.since = grave.since.min(at).min(entry.created.unwrap_or(at));
        } else {
            grave.until = grave.until.max(at);
        }
        self.by_key.put(hash, grave);
        Admission::Forgotten
    }
}

/// Looks for doubts once all is read.
pub(super) struct Doubts<'a> {
    pub graves: &'a Graves,
    pub focus: &'a Focus,
    pub spared: &'a mut Spared,
    /// Objects that would have been followed by one that is buried, and since when: their places among the drafts.
    pub followed: Vec<(usize, u64, Timestamp)>,
}

impl Doubts<'_> {
    /// Looks at the objects that bore a key, which come next among the drafts, `before` others.
    pub fn look_at(&mut self, key: &ObjectKey, anonymous: &[(Timestamp, Change)], drafts: &[Draft], before: usize) {
        let buried = drafts.iter().filter_map(|draft| draft.uid).filter(|uid| self.graves.holds(*uid));
        self.spared.uids.extend(buried);
        let Some(hash) = self.graves.of_key(key) else { return };
        let Some(grave) = self.graves.by_key.get(hash) else { return };
        if self.is_early_in_doubt(grave, anonymous, drafts) || self.is_late_in_doubt(grave, anonymous, drafts) {
            self.spared.keys.insert(hash);
        }
        let followed = drafts.last().is_some_and(|last| !self.focus.is_after(last.object.born));
        if followed && grave.since < Timestamp::MAX {
            self.followed.push((before + drafts.len() - 1, hash, grave.since));
        }
    }

    /// Objects that came before: nothing of theirs may be taken for that of a later one.
    fn is_early_in_doubt(&self, grave: Grave, anonymous: &[(Timestamp, Change)], drafts: &[Draft]) -> bool {
        let Grave { born, until, .. } = grave;
        if until == Timestamp::MIN {
            return false;
        }
        let in_time = |draft: &Draft| draft.object.born > born.plus_micros(CLOCKS_APART) && draft.last_seen > until;
        anonymous.iter().any(|(at, _)| *at <= until.plus_micros(LATE)) || !drafts.iter().all(in_time)
    }

    /// Objects that came after: the first one of them is kept where another was there before, since that one may end by it,
    /// and since records without a uid may be of it.
    fn is_late_in_doubt(&self, grave: Grave, anonymous: &[(Timestamp, Change)], drafts: &[Draft]) -> bool {
        if grave.since == Timestamp::MAX {
            return false;
        }
        let mut late = drafts.iter().filter(|draft| self.focus.is_after(draft.object.born));
        match late.next() {
            Some(first) => {
                let is_first = first.object.born.plus_micros(CLOCKS_APART) < grave.since;
                !is_first || anonymous.iter().any(|(at, _)| self.focus.is_after(*at))
            }
            None => !anonymous.is_empty(),
        }
    }

    /// Looks at how those ended that would have been followed.
    pub fn look_at_ends(&mut self, drafts: &[Draft]) {
        for (draft, hash, since) in std::mem::take(&mut self.followed) {
            let Draft { object, last_seen, .. } = &drafts[draft];
            if *last_seen >= since || object.end.is_none_or(|end| end.at > since) {
                self.spared.keys.insert(hash);
            }
        }
    }
}
