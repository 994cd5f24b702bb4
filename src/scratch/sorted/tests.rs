use proptest::prelude::*;

use super::super::Bytes;
use super::*;

/// Equal numbers are kept, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number<const ONCE: bool>(u32);

impl<const ONCE: bool> Record for Number<ONCE> {
    const ONCE: bool = ONCE;
}

impl<const ONCE: bool> Fixed for Number<ONCE> {
    const SIZE: usize = 4;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        Number(u32::from_le_bytes(bytes.next()))
    }
}

/// So many numbers have room in memory.
fn room(records: usize) -> Room {
    Room { bytes: records * 4, directory: None }
}

fn sorted<const ONCE: bool>(numbers: &[u32], room: &Room) -> Result<Vec<u32>, SpillError> {
    let mut sorter = Sorter::<Number<ONCE>>::new(room);
    numbers.iter().try_for_each(|number| sorter.push(Number(*number)))?;
    assert!(sorter.held() <= room.bytes);
    sorter.sorted()?.map(|record| record.map(|number| number.0)).collect()
}

#[test]
fn more_runs_than_are_merged_at_a_time() {
    let numbers: Vec<u32> =
        (0..3 * (spill::FAN_IN * spill::FAN_IN) as u32).map(|i| i.wrapping_mul(0x9e37_79b9)).collect();
    let mut expected = numbers.clone();
    expected.sort_unstable();
    assert_eq!(sorted::<true>(&numbers, &room(2)).unwrap(), expected);
}

#[test]
fn runs_of_more_bytes_than_are_read_at_a_time() {
    let numbers: Vec<u32> = (0..200_000).map(|i: u32| i.wrapping_mul(0x9e37_79b9)).collect();
    let mut expected = numbers.clone();
    expected.sort_unstable();
    assert_eq!(sorted::<true>(&numbers, &room(70_000)).unwrap(), expected);
}

#[test]
fn copies_take_no_place_on_the_disk() {
    let mut sorter = Sorter::<Number<true>>::new(&room(100));
    (0..10_000).for_each(|i| sorter.push(Number(i % 50)).unwrap());
    assert!(sorter.spill.is_empty());
}

#[test]
fn a_directory_that_cannot_be_written_is_told_of_with_what_to_do() {
    let absent = tempfile::tempdir().unwrap().path().join("absent");
    let room = Room { directory: Some(absent.clone()), ..room(2) };
    assert_eq!(sorted::<true>(&[2, 1], &room).unwrap(), [1, 2], "nothing is to be written");
    let error = sorted::<true>(&[3, 2, 1], &room).unwrap_err().to_string();
    assert!(error.contains(absent.to_str().unwrap()) && error.contains("TMPDIR"), "{error}");
}

proptest! {
    #[test]
    fn numbers_come_in_order(numbers in prop::collection::vec(0u32..300, 0..400), records in 1usize..40) {
        let mut expected = numbers.clone();
        expected.sort_unstable();
        prop_assert_eq!(&sorted::<false>(&numbers, &room(records)).unwrap(), &expected);
        expected.dedup();
        prop_assert_eq!(sorted::<true>(&numbers, &room(records)).unwrap(), expected);
    }
}
