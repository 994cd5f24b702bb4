//! When the watches told of an object first.

use super::initial::StreamId;
use crate::model::Timestamp;
use crate::scratch::{Bytes, Fixed};

/// When, and by which run of a watch; `None` by what is no watch.
type First = (Timestamp, Option<StreamId>);

/// As much as is ever asked: whether any other watch than a given one told of an object before a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    first: First,
    /// The first one of those that tell it by another watch.
    other: Option<First>,
}

impl Fixed for Told {
    const SIZE: usize = 2 * (8 + 1 + size_of::<StreamId>()) + 1;

    fn put(&self, out: &mut Vec<u8>) {
        let mut put = |(at, stream): First| {
            at.put(out);
            out.push(u8::from(stream.is_some()));
            out.extend_from_slice(&stream.unwrap_or_default().to_le_bytes());
        };
        put(self.first);
        put(self.other.unwrap_or(self.first));
        out.push(u8::from(self.other.is_some()));
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        let mut get = || {
            let (at, [of_watch]) = (Timestamp::get(bytes), bytes.next());
            let stream = StreamId::from_le_bytes(bytes.next());
            (at, (of_watch != 0).then_some(stream))
        };
        let (first, other) = (get(), get());
        let [has_other] = bytes.next();
        Told { first, other: (has_other != 0).then_some(other) }
    }
}

impl Told {
    /// Told once.
    pub fn once(at: Timestamp, stream: Option<StreamId>) -> Self {
        Told { first: (at, stream), other: None }
    }

    /// Told once more.
    pub fn again(&mut self, at: Timestamp, stream: Option<StreamId>) {
        if stream == self.first.1 {
            self.first.0 = self.first.0.min(at);
        } else if at < self.first.0 {
            (self.first, self.other) = ((at, stream), Some(self.first));
        } else if self.other.is_none_or(|(first, _)| at < first) {
            self.other = Some((at, stream));
        }
    }

    /// Both.
    pub fn and(mut self, other: Told) -> Self {
        self.again(other.first.0, other.first.1);
        other.other.into_iter().for_each(|(at, stream)| self.again(at, stream));
        self
    }

    /// Whether another watch than this one, or what is none, told of it before a moment.
    pub fn elsewhere(&self, than: StreamId, before: Timestamp) -> bool {
        let of_others = if self.first.1 == Some(than) { self.other } else { Some(self.first) };
        of_others.is_some_and(|(at, _)| at < before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_firsts_answer_as_all_of_them_would() {
        let all = [(5, Some(1)), (3, Some(2)), (3, None), (4, Some(1)), (2, Some(2)), (9, Some(3)), (1, Some(3))];
        let at = Timestamp::from_seconds;
        for count in 1..=all.len() {
            for rotation in 0..count {
                let mut some: Vec<_> = all[..count].to_vec();
                some.rotate_left(rotation);
                let mut told = some.iter().map(|(second, stream)| Told::once(at(*second), *stream));
                let first = told.next().unwrap();
                let told = told.fold(first, Told::and);
                for (stream, before) in (0..5).flat_map(|stream| (0..10).map(move |before| (stream, before))) {
                    let expected = some.iter().any(|(second, of)| *of != Some(stream) && *second < before);
                    assert_eq!(told.elsewhere(stream, at(before)), expected, "{some:?} {stream} {before}");
                }
            }
        }
    }
}
