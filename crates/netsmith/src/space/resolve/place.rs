//! Where in the graph the resolver stands.

/// Where in the graph the resolver stands: the path of names, and the name
/// under which weights are tied with the length of the path at that point.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) path: String,
    pub(super) tie: Option<(String, usize)>,
}

impl Place {
    pub(super) fn within(&self, name: &str) -> Self {
        let path = match self.path.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.path),
        };
        Self {
            path,
            tie: self.tie.clone(),
        }
    }

    /// A place inside this one that has this one's weights, which are shared.
    pub(super) fn shared(&self, name: &str) -> Self {
        let weights = match &self.tie {
            Some((tie, start)) => format!("{tie}{}", &self.path[*start..]),
            None => self.path.clone(),
        };
        let path = format!("{}.{name}", self.path);
        Self {
            tie: Some((weights, path.len())),
            path,
        }
    }

    /// Inside a tie already, the outer one holds.
    pub(super) fn tied(self, tie: &str) -> Self {
        let start = self.path.len();
        Self {
            tie: self.tie.or_else(|| Some((tie.to_owned(), start))),
            path: self.path,
        }
    }
}
