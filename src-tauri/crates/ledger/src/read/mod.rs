//! Reading
pub struct X;
