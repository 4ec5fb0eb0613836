//! Variables that the language names and this version does not have yet.

/// Group → what it will hold.
pub(crate) const PLANNED_ROOTS: &[(&str, &str)] = &[("detect", "detectors")];

pub(crate) fn planned_root(root: &str) -> Option<&'static str> {
    PLANNED_ROOTS.iter().find(|(name, _)| *name == root).map(|(_, what)| *what)
}
