//! Which logs are of one server, since they hold copies of one event.

/// Groups of logs. Takes memory for each log, however many events link them.
#[derive(Default)]
pub(super) struct Links {
    /// Of each log, one of its group with a lower index; of the first of a group itself. Of those that are not here, too.
    heads: Vec<u32>,
}

impl Links {
    /// Two logs are of one server.
    pub(super) fn join(&mut self, a: u32, b: u32) {
        if a == b {
            return;
        }
        let (a, b) = (self.head(a), self.head(b));
        let (head, other) = (a.min(b), a.max(b));
        if head != other {
            let known = self.heads.len() as u32;
            self.heads.extend(known..=other.max(known.saturating_sub(1)));
            self.heads[other as usize] = head;
        }
    }

    /// The first log of the group of a log.
    pub(super) fn head(&mut self, log: u32) -> u32 {
        let mut at = log;
        while let Some(&next) = self.heads.get(at as usize).filter(|next| **next != at) {
            // Halves the way for the next time.
            let after = self.heads[next as usize];
            self.heads[at as usize] = after;
            at = after;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_log_of_a_group_is_its_head_whatever_the_order() {
        for pairs in [[(4, 2), (7, 4), (1, 9), (2, 2)], [(2, 2), (2, 7), (9, 1), (7, 4)]] {
            let mut links = Links::default();
            pairs.into_iter().for_each(|(a, b)| links.join(a, b));
            let heads: Vec<u32> = (0..12).map(|log| links.head(log)).collect();
            assert_eq!(heads, [0, 1, 2, 3, 2, 5, 6, 2, 8, 1, 10, 11]);
        }
    }
}
