//! The one HTTP client.

use std::path::PathBuf;

/// How to reach a server.
#[derive(Clone, Debug)]
pub struct Connection {
    /// A bundle of root certificates, PEM, instead of the system's.
    pub bundle: Option<PathBuf>,
    /// The server's URL, such as `https://console.phase.dev`.
    pub host: String,
    /// More root certificates, PEM.
    pub roots: Option<PathBuf>,
    /// Sent as `User-Agent`.
    pub user_agent: String,
    /// Whether the server's certificate is checked. Leave it `true`.
    pub verify: bool,
}
