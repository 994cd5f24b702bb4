//! What kinds with a pod template show of it.

use super::view::{View, list, text};

/// The names and the images of the containers of a pod spec at a place.
pub(super) fn containers(view: &View<'_>, place: &str) -> [String; 2] {
    let all = list(view.at(place), "/containers");
    ["/name", "/image"].map(|part| all.iter().map(|container| text(container, part)).collect::<Vec<_>>().join(","))
}
