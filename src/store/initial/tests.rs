use super::*;

fn pods() -> GroupKind {
    GroupKind::new("", "Pod")
}

fn feed(streams: &mut Streams, source: u32, second: i64, change: Change, uid: u128) {
    let (source, kind) = (SourceId::of_file(source), pods());
    let step = Step { source, kind: &kind, at: Some(Timestamp::from_seconds(second)), resource_version: None };
    streams.object(step, change, Some(Uid::numbered(uid)), "shop");
}

fn members(set: &InitialSet) -> Vec<Uid> {
    let mut members: Vec<Uid> = set.members.iter().copied().collect();
    members.sort_unstable();
    members
}

fn uids(numbers: &[u128]) -> Vec<Uid> {
    numbers.iter().copied().map(Uid::numbered).collect()
}

#[test]
fn a_stream_that_tells_again_of_what_is_there_has_started_anew() {
    let mut streams = Streams::default();
    for (second, change, uid) in [
        (1, Change::Added, 1),
        (1, Change::Added, 2),
        (2, Change::Modified, 1),
        (3, Change::Added, 3),
        (4, Change::Modified, 3),
        (9, Change::Added, 4),
        (9, Change::Added, 1),
        (10, Change::Modified, 1),
    ] {
        feed(&mut streams, 0, second, change, uid);
    }
    let sets = streams.finish().sets;
    assert_eq!(
        sets.iter().map(|set| (members(set), set.anew)).collect::<Vec<_>>(),
        [(uids(&[1, 2]), false), (uids(&[1, 4]), true)]
    );
}

/// The error does not say whose watch it ends, so a creation that another one tells of next is no initial set.
#[test]
fn of_several_watches_in_one_source_an_error_ends_only_the_one_that_begins_anew() {
    let mut streams = Streams::default();
    let nodes = GroupKind::new("", "Node");
    feed(&mut streams, 0, 1, Change::Added, 1);
    feed(&mut streams, 0, 2, Change::Modified, 1);
    let step = |second| Step {
        source: SourceId::of_file(0),
        kind: &nodes,
        at: Some(Timestamp::from_seconds(second)),
        resource_version: None,
    };
    streams.object(step(1), Change::Added, Some(Uid::numbered(7)), "");
    streams.object(step(2), Change::Deleted, Some(Uid::numbered(7)), "");
    streams.broken(SourceId::of_file(0));
    feed(&mut streams, 0, 3, Change::Added, 2);
    feed(&mut streams, 0, 4, Change::Modified, 2);
    streams.object(step(5), Change::Added, Some(Uid::numbered(8)), "");
    streams.bookmark(step(5), true);
    let sets = streams.finish().sets;
    let anew: Vec<_> = sets.iter().filter(|set| set.anew).map(|set| (&*set.kind.kind, members(set))).collect();
    assert_eq!(anew, [("Node", uids(&[8]))]);
}

#[test]
fn sets_without_anything_between_them_are_two() {
    let mut streams = Streams::default();
    for (second, uid) in [(1, 1), (1, 2), (1, 3), (9, 1), (9, 3)] {
        feed(&mut streams, 0, second, Change::Added, uid);
    }
    let sets = streams.finish().sets;
    assert_eq!(
        sets.iter().map(|set| (members(set), set.anew)).collect::<Vec<_>>(),
        [(uids(&[1, 2, 3]), false), (uids(&[1, 3]), true)]
    );
}

#[test]
fn a_creation_is_no_initial_set() {
    let mut streams = Streams::default();
    feed(&mut streams, 0, 1, Change::Modified, 1);
    feed(&mut streams, 0, 2, Change::Added, 2);
    feed(&mut streams, 0, 3, Change::Modified, 2);
    assert!(streams.finish().sets.iter().all(|set| !set.anew && !set.members.contains(&Uid::numbered(2))));
}

#[test]
fn an_initial_set_cut_by_a_rotation_is_one_set() {
    let mut streams = Streams::default();
    feed(&mut streams, 0, 1, Change::Added, 1);
    feed(&mut streams, 1, 1, Change::Added, 2);
    feed(&mut streams, 1, 2, Change::Modified, 2);
    let sets = streams.finish().sets;
    assert_eq!(sets.iter().map(members).collect::<Vec<_>>(), [uids(&[1, 2])]);
}

#[test]
fn files_put_behind_each_other_are_not_one_stream() {
    let mut streams = Streams::default();
    feed(&mut streams, 0, 1, Change::Added, 1);
    feed(&mut streams, 0, 90, Change::Modified, 1);
    feed(&mut streams, 0, 1, Change::Added, 2);
    feed(&mut streams, 0, 2, Change::Modified, 2);
    let told = streams.finish();
    assert_eq!(told.ends, [Some(Timestamp::from_seconds(90)), Some(Timestamp::from_seconds(2))]);
    assert!(told.sets.iter().all(|set| !set.anew));
}
