//! What somebody may have meant.

use crate::cmd::get::kinds::edits;

/// So many words are named.
const NAMED: usize = 5;

/// The words that are nearest to one, nearest first; of equally near ones the first in the alphabet.
pub fn nearest(word: &str, words: impl Iterator<Item = String>) -> String {
    let word = letters(word);
    let mut words: Vec<(usize, String)> = words.map(|other| (edits(&word, &letters(&other)), other)).collect();
    words.sort();
    words.truncate(NAMED);
    words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(", ")
}

/// What is compared: without regard to case, nor to the group of a kind.
fn letters(word: &str) -> String {
    word.split_once('.').map_or(word, |(name, _)| name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_comes_first() {
        let kinds = ["Pod", "Deployment.apps", "Job.batch", "CronJob.batch", "Node", "Service", "Secret"];
        let near = |word| nearest(word, kinds.into_iter().map(str::to_owned));
        assert!(near("deploymnet").starts_with("Deployment.apps, "), "{}", near("deploymnet"));
        assert_eq!(near("jobs"), "Job.batch, Node, Pod, CronJob.batch, Secret");
        assert_eq!(nearest("x", std::iter::empty()), "");
    }
}
