//! The account takes little memory, and is the same however little.

use super::*;

fn room(bytes: usize) -> Room {
    Room { bytes, ..Room::default() }
}

/// A record that shows a version, by which clocks are compared.
fn any_record() -> impl Strategy<Value = (u32, Told, u128)> {
    (any_told(), 0u128..6).prop_map(|((source, told), version)| (source, told, version))
}

fn account_of(records: &[(u32, Told, u128)], ids: &Fingerprints, room: Room) -> (AuditAccount, Report) {
    let mut coverage = Coverage::with_room(room);
    for (source, told, version) in records {
        let audited = told.audited_with(ids, |asked| Asked { resource_version: Some(*version), ..asked });
        coverage.take(*source, &audited).unwrap();
    }
    finish(coverage, &PATHS)
}

proptest! {
    #[test]
    fn the_account_is_the_same_with_little_room(
        records in prop::collection::vec(any_record(), 1..60),
        bytes in 1usize..600,
    ) {
        let ids = Fingerprints::default();
        let (whole, whole_report) = account_of(&records, &ids, Room::default());
        let (spilled, spilled_report) = account_of(&records, &ids, room(bytes));
        prop_assert_eq!(whole, spilled);
        prop_assert_eq!(whole_report.gaps((0, 10)), spilled_report.gaps((0, 10)));
    }
}

#[test]
fn memory_does_not_grow_with_the_log() {
    let ids = Fingerprints::default();
    let mut coverage = Coverage::with_room(room(16 << 10));
    for i in 0..20_000 {
        let outcome = if i % 5 == 0 { FULL } else { Outcome::Nothing };
        coverage.take(i % 3, &told(&i.to_string(), i.into(), "update", "pods", outcome).audited(&ids)).unwrap();
        assert!(coverage.counted.held() <= 16 << 10 && coverage.tellings.held() <= 16 << 10);
    }
    assert_eq!(finish(coverage, &PATHS).0.events, 20_000);
}

#[test]
fn what_cannot_be_written_ends_the_run_and_says_where() {
    let directory = tempfile::tempdir().unwrap().path().join("gone");
    let ids = Fingerprints::default();
    let mut coverage = Coverage::with_room(Room { bytes: 64, directory: Some(directory.clone()) });
    let told =
        (0..5).map(|i| coverage.take(0, &told(&i.to_string(), i, "get", "pods", Outcome::Nothing).audited(&ids)));
    let error = told.collect::<Result<(), _>>().unwrap_err().to_string();
    assert!(error.contains(directory.to_str().unwrap()), "{error}");
}
