//! Words that somebody may have meant who wrote another one.

/// So many are named at most.
const FEW: usize = 3;

/// The words that are nearest to another one: misspelt by a letter, and one more for every four, or those that hold it. The nearest
/// first, each once.
pub fn nearest<'a>(wanted: &str, words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = wanted.to_lowercase();
    let most = 1 + wanted.chars().count() / 4;
    let mut near: Vec<(usize, &str)> = Vec::new();
    for word in words {
        let Some(distance) = far(&lower, &word.to_lowercase(), most.min(5)) else { continue };
        if near.contains(&(distance, word)) {
            continue;
        }
        near.push((distance, word));
        near.sort_unstable();
        near.truncate(FEW);
    }
    near.into_iter().map(|(_, word)| word).collect()
}

/// How far apart two words are: how many letters are to be changed, added, left out; one more than that at most where one
/// holds the other.
fn far(wanted: &str, word: &str, most: usize) -> Option<usize> {
    let distance = distance(wanted, word, most);
    distance.or_else(|| (wanted.len() > 2 && word.contains(wanted)).then_some(most + 1))
}

/// How many letters are to be changed, added, left out or swapped with the next, where it is not over `most`.
fn distance(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let changed = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            next.push(least);
        }
        // Two rows, since a swap goes back by two.
        if next.iter().chain(&row).all(|distance| *distance > most) {
            return None;
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().filter(|distance| *distance <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_come_first() {
        let kinds = ["Pod", "Deployment", "DaemonSet", "Pod", "PodGroup", "Job"];
        assert_eq!(nearest("deploymnet", kinds), ["Deployment"]);
        assert_eq!(nearest("pods", kinds), ["Pod"]);
        assert_eq!(nearest("pod", kinds), ["Pod", "PodGroup"]);
        assert!(nearest("gizmo", kinds).is_empty());
        assert_eq!(nearest("web", ["web-7d8c-x", "wab", "db"]), ["wab", "web-7d8c-x"]);
    }

    #[test]
    fn distances_are_counted_in_letters() {
        assert_eq!(distance("kitten", "sitting", 3), Some(3));
        assert_eq!(distance("kitten", "sitting", 2), None);
        assert_eq!(distance("", "é", 1), Some(1));
        assert_eq!(distance("web", "wbe", 1), Some(1));
        assert_eq!(distance("abcdefgh", "ijklmnop", 3), None);
    }
}
