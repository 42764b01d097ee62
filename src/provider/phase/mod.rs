//! Phase.

/// A token.
#[derive(Clone, Debug)]
pub struct PhaseToken;

/// The back-end.
#[derive(Debug)]
pub(crate) struct Phase;

impl Phase {
    pub(crate) fn new(_: PhaseToken, _: &crate::http::Connection) -> crate::error::Result<Self> {
        Ok(Self)
    }
}

impl super::Backend for Phase {
    async fn list(
        &self,
        _: &crate::scope::Scope,
        _: std::time::Instant,
    ) -> crate::error::Result<super::Listing> {
        unimplemented!()
    }
    async fn create(
        &self,
        _: &crate::scope::Place,
        _: &crate::secret::NewSecret,
        _: std::time::Instant,
    ) -> crate::error::Result<()> {
        unimplemented!()
    }
    async fn update(
        &self,
        _: &crate::scope::Place,
        _: &crate::scope::Folder,
        _: &str,
        _: &crate::secret::Change,
        _: std::time::Instant,
    ) -> crate::error::Result<()> {
        unimplemented!()
    }
    async fn delete(
        &self,
        _: &crate::scope::Place,
        _: &crate::scope::Folder,
        _: &str,
        _: std::time::Instant,
    ) -> crate::error::Result<bool> {
        unimplemented!()
    }
    async fn apps(&self, _: std::time::Instant) -> crate::error::Result<Vec<super::AppSummary>> {
        unimplemented!()
    }
    fn references(&self) -> super::References {
        unimplemented!()
    }
}
