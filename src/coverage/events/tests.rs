use proptest::prelude::*;

use super::*;
use crate::scratch::{Room, Sorter};

/// What was told: the events, and how many of each id are twins.
#[derive(Default)]
struct Told {
    events: Vec<Telling>,
    twins: [u64; IDS as usize],
}

impl Account for Told {
    fn event(&mut self, event: &Telling) -> Result<(), SpillError> {
        self.events.push(*event);
        Ok(())
    }

    fn is_twin(&mut self, event: &Telling) {
        self.twins[event.id as usize] += 1;
    }
}

const IDS: u64 = 3;

/// What the definition says, from all records at once: the copies of each moment; then, of each id, the twins.
fn by_definition(mut records: Vec<Telling>) -> (Told, Links) {
    records.sort_unstable();
    let (mut told, mut links) = (Told::default(), Links::default());
    for moment in records.chunk_by(Telling::is_of_moment) {
        let first = told.events.len();
        for record in moment {
            let known = &mut told.events[first..];
            let compared = known.len().min(COMPARED);
            let original = known[..compared].iter().position(|event| record.is_copy_of(event));
            let original = original.or_else(|| known.len().checked_sub(1).filter(|&i| record.is_copy_of(&known[i])));
            match original.map(|i| &mut known[i]) {
                Some(event) => {
                    links.join(event.log, record.log);
                    event.learn(record);
                }
                None => told.events.push(*record),
            }
        }
    }
    for same in told.events.chunk_by(|x, y| x.id == y.id) {
        let done = same.iter().filter(|event| event.what.is_done());
        let (full, bare): (Vec<&Telling>, Vec<&Telling>) = done.partition(|event| event.shown.any());
        let mut full = full.into_iter().peekable();
        for event in bare {
            let apart = |other: &Telling| other.at.saturating_sub(event.at);
            while full.next_if(|other| apart(other) < -TWINS_APART).is_some() {}
            if full.next_if(|other| apart(other) <= TWINS_APART).is_some() {
                told.twins[event.id as usize] += 1;
            }
        }
    }
    (told, links)
}

/// Records of few ids at few times, so that most have copies and twins, or nearly.
fn any_telling() -> impl Strategy<Value = Telling> {
    let at = prop_oneof![0i64..4, 999_998i64..1_000_003, 1_999_998i64..2_000_003, Just(NO_TIME), Just(i64::MAX)];
    let identity = (0..IDS, at, prop::sample::select(vec![NO_TIME, -5, -6]), 0u64..4);
    let shown = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    (identity, shown, 0u64..3, any::<bool>(), 0u32..5, 0usize..3).prop_map(
        |((id, at, received, name), (bare, request, response, truncated), version, wrote, log, what)| {
            let shown = if bare { Shown::default() } else { Shown { request, response, truncated } };
            let version = if shown.any() { version } else { 0 };
            let what = [What::ALL[id as usize], What::Refused, What::Unknown][what];
            Telling { id, at, received, name, version, resource: id as u32, log, what, shown, wrote }
        },
    )
}

/// More events of one moment than records are compared with.
fn crowd() -> Vec<Telling> {
    let one = |i: u64| Telling {
        id: 0,
        at: 1,
        received: (i % 90) as i64,
        name: i % 7,
        version: 0,
        resource: 0,
        log: i as u32 % 4,
        what: What::Content,
        shown: Shown { request: i.is_multiple_of(3), ..Shown::default() },
        wrote: false,
    };
    (0..2_000).map(one).collect()
}

fn is_as_defined(records: Vec<Telling>, room: usize) -> Result<(), TestCaseError> {
    let room = Room { bytes: room * size_of::<Telling>(), directory: None };
    let mut sorter = Sorter::new(&room);
    records.iter().for_each(|record| sorter.push(*record).unwrap());
    let (mut told, mut links) = (Told::default(), Links::default());
    tell(sorter.sorted().unwrap(), &mut links, &mut told).unwrap();
    let (mut expected, mut expected_links) = by_definition(records);
    told.events.sort_unstable();
    expected.events.sort_unstable();
    prop_assert_eq!(told.events, expected.events);
    prop_assert_eq!(told.twins, expected.twins);
    for log in 0..5 {
        prop_assert_eq!(links.head(log), expected_links.head(log));
    }
    Ok(())
}

#[test]
fn a_moment_with_many_events_is_as_defined() {
    is_as_defined(crowd(), 100).unwrap();
}

#[test]
fn those_that_wait_for_their_twins_are_bounded() {
    let mut twins = Twins::default();
    let mut told = Told::default();
    let bare = Telling { shown: Shown::default(), ..crowd()[0] };
    for at in (0..30_000_000).step_by(100) {
        twins.take(&Telling { at, ..bare }, &mut told).unwrap();
        twins.take(&Telling { at, ..bare }, &mut told).unwrap();
        assert!(twins.waiting.len() <= TWINS_APART as usize / 100 + 1);
    }
    assert_eq!(told.twins, [0; IDS as usize]);
}

proptest! {
    #[test]
    fn events_are_as_defined(records in prop::collection::vec(any_telling(), 0..120), room in 1usize..60) {
        is_as_defined(records, room)?;
    }
}
