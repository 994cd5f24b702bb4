//! What somebody may have meant.

/// So many words are named.
const NAMED: usize = 5;
/// Of longer words so many characters are compared.
const COMPARED: usize = 64;

/// The words that are nearest to one, nearest first; of equally near ones the first in the alphabet.
pub fn nearest(word: &str, words: impl Iterator<Item = String>) -> String {
    let word = letters(word);
    let mut words: Vec<(usize, String)> = words.map(|other| (distance(&word, &letters(&other)), other)).collect();
    words.sort();
    words.truncate(NAMED);
    words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(", ")
}

/// What is compared: without regard to case, nor to the group of a kind.
fn letters(word: &str) -> Vec<char> {
    let name = word.split_once('.').map_or(word, |(name, _)| name);
    name.chars().flat_map(char::to_lowercase).take(COMPARED).collect()
}

/// How many letters are to be put in, taken out or changed to make one word of the other (Levenshtein).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let changed = above[j] + usize::from(from != to);
            row.push(changed.min(above[j + 1] + 1).min(row[j] + 1));
        }
        above = row;
    }
    above[b.len()]
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
