//! Paths through a graph that is told by masks: which nodes lie between its
//! first and its last node.
//!
//! A graph of `n` nodes is a mask for each: bit `i` of mask `j` is the edge from
//! node `i` to a later node `j`. The mask of the first node is zero.

/// The nodes on paths from the first to the last, as bits; none without a path.
pub(super) fn nodes_between(masks: &[u32]) -> u32 {
    let last = masks.len() - 1;
    let mut reached = 1_u32;
    for (node, mask) in masks.iter().enumerate() {
        if mask & reached != 0 {
            reached |= 1 << node;
        }
    }
    let mut needed = 1_u32 << last;
    for (node, mask) in masks.iter().enumerate().rev() {
        if needed >> node & 1 == 1 {
            needed |= mask;
        }
    }
    match reached >> last & 1 {
        1 => reached & needed,
        _ => 0,
    }
}

/// How many edges lie on such paths; nothing without a path.
pub(super) fn edges_between(masks: &[u32]) -> Option<u32> {
    let between = nodes_between(masks);
    let on_path = |(node, mask): (usize, &u32)| match between >> node & 1 {
        1 => (mask & between).count_ones(),
        _ => 0,
    };
    (between != 0).then(|| masks.iter().enumerate().map(on_path).sum())
}

/// Whether open masks can be chosen so that there is a path, and no more than so
/// many edges on paths.
pub(super) fn can_connect(masks: &[Option<u32>], most: u32) -> bool {
    if masks.last().is_none_or(Option::is_none) {
        // The last node may read the first alone.
        return most >= 1;
    }
    // An open node does best with no edge, or with one from the first node.
    let open: Vec<usize> = (0..masks.len()).filter(|&at| masks[at].is_none()).collect();
    (0..1_u32 << open.len()).any(|taken| {
        let mut whole: Vec<u32> = masks.iter().map(|mask| mask.unwrap_or(0)).collect();
        for (bit, &at) in open.iter().enumerate() {
            whole[at] = taken >> bit & 1;
        }
        edges_between(&whole).is_some_and(|edges| edges <= most)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_nodes_are_on_no_path() {
        // 0 -> 1 -> 3; node 2 reads nothing, node 3 reads it.
        assert_eq!(nodes_between(&[0, 0b1, 0, 0b110]), 0b1011);
        assert_eq!(edges_between(&[0, 0b1, 0, 0b110]), Some(2));
        assert_eq!(edges_between(&[0, 0, 0b10, 0b100]), None);
    }

    /// Against all completions, on five nodes.
    #[test]
    fn looking_ahead_finds_what_enumeration_finds() {
        let options = [1_u32, 2, 4, 8, 16];
        for most in [2, 4, 6] {
            for open in 0..16_u32 {
                for code in (0..1_u32 << 10).step_by(7) {
                    let mask = |node: usize| code >> (node * (node - 1) / 2) & (options[node] - 1);
                    let decided = |node: usize| match node {
                        0 => Some(0),
                        _ if open >> (node - 1) & 1 == 1 => None,
                        _ => Some(mask(node)),
                    };
                    let masks: Vec<Option<u32>> = (0..5).map(decided).collect();
                    let found = (0..1_u32 << 10).any(|other| {
                        let own = |node: usize| match masks[node] {
                            Some(mask) => mask,
                            None => other >> (node * (node - 1) / 2) & (options[node] - 1),
                        };
                        let whole: Vec<u32> = (0..5).map(own).collect();
                        edges_between(&whole).is_some_and(|edges| edges <= most)
                    });
                    assert_eq!(can_connect(&masks, most), found, "{masks:?} {most}");
                }
            }
        }
    }
}
