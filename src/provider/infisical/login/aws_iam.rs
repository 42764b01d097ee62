//! AWS auth: a signed request to STS, which the server sends on.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Attempt, Body, Granted, Way};
use crate::error::Result;
use crate::identity::{CallerIdentity, Search, Sts, caller_identity};

const WAY: Way = Way {
    name: "AWS auth",
    route: "aws-auth",
};

pub(super) async fn log_in(
    attempt: &Attempt<'_>,
    identity: &str,
    search: &Search<'_>,
    region: Option<&str>,
) -> Result<Granted> {
    let caller = caller_identity(search, region, Sts::Regional).await?;
    let headers = Zeroizing::new(STANDARD.encode(&*caller.headers()?));
    let body = Body {
        iam_http_request_method: Some(CallerIdentity::METHOD),
        iam_request_body: Some(&STANDARD.encode(CallerIdentity::BODY)),
        iam_request_headers: Some(&headers),
        identity_id: Some(identity),
        ..Body::default()
    };
    let mut hidden: Vec<&str> = caller.secrets().collect();
    hidden.push(&headers);
    attempt.send(WAY, body, &hidden).await
}
