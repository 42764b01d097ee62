//! stub
use crate::exit::Failure;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;
use std::time::Duration;
pub(crate) struct Image;
impl Image {
    pub(crate) fn new(_: &[OsString], _: Vec<Vec<u8>>) -> Result<Self, Failure> {
        Ok(Self)
    }
}
pub(crate) fn look_up(_: &OsStr, _: Option<&[u8]>) -> Result<(), Failure> {
    Ok(())
}
pub(crate) fn exec(_: Image) -> Failure {
    unimplemented!()
}
pub(crate) struct Supervision {
    pub(crate) scope: SignalScope,
    pub(crate) map: Vec<SignalMapping>,
    pub(crate) kill_after: Option<Duration>,
    pub(crate) parent_death: bool,
}
pub(crate) enum SignalScope {
    Child,
    Group,
}
pub(crate) struct SignalMapping;
impl std::str::FromStr for SignalMapping {
    type Err = Failure;
    fn from_str(_: &str) -> Result<Self, Failure> {
        unimplemented!()
    }
}
pub(crate) fn automatic_scope(_: &OsStr) -> SignalScope {
    SignalScope::Child
}
pub(crate) fn supervise(_: Image, _: &Supervision) -> Result<Outcome, Failure> {
    unimplemented!()
}
pub(crate) enum Outcome {
    Exited(u8),
    Signalled(i32),
}
pub(crate) fn finish(_: Outcome) -> ExitCode {
    ExitCode::SUCCESS
}
pub(crate) fn announce(_: &[Vec<u8>], _: Duration) {}
