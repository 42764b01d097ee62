//! What the fuzz targets reach of the private parts. Compiled under `cfg(fuzzing)` alone.

pub use crate::cli_login::fuzz as cli_login;
pub use crate::provider::infisical::fuzz as infisical;
pub use crate::provider::phase::fuzz as phase;
#[cfg(feature = "vault")]
pub use crate::provider::vault::fuzz as vault;
pub use crate::resolve::fuzz as resolve;
