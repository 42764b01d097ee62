//! Whose credentials these are, and what they reach.

/// The account behind a token, as the server tells it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Owner {
    /// The apps with an environment that the account has the keys of, by name.
    pub apps: Vec<AppSummary>,
    /// When the token ends: RFC 3339, UTC, or empty if nobody says. (Phase does not.)
    pub expires: String,
    /// The account's id; tokens of the kind [`Service`](OwnerKind::Service) have none.
    pub id: Option<String>,
    /// What sort of account it is.
    pub kind: OwnerKind,
    /// Where it belongs, unless the server is too old to say.
    pub organisation: Option<Organisation>,
}

/// The sorts of accounts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OwnerKind {
    /// A machine identity.
    Identity,
    /// No account: a token of the older kind, made for one app.
    Service,
    /// A service account.
    ServiceAccount,
    /// A person.
    User,
}

/// An organisation on a server.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Organisation {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// An app, and the environments of it that these credentials reach.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AppSummary {
    /// The environments' names, in the store's order.
    pub environments: Vec<String>,
    /// The id, where the store has one.
    pub id: String,
    /// The name.
    pub name: String,
}
