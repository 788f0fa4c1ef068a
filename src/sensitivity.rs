//! What the answer hangs on.
pub mod sobol;
