//! The headers of a request.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::failure::Failure;
use super::{Connection, Request};
use crate::error::{Error, ErrorKind, Result};

/// All that are not the client's own affair: those of every request to the
/// server, and those of this one, which go before them.
pub(super) fn headers(
    request: &Request<'_>,
    connection: &Connection,
) -> Result<HeaderMap, Failure> {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::new();
    for (name, value) in &connection.headers {
        add(&mut headers, name, value.expose())?;
    }
    headers.insert(ACCEPT, json.clone());
    if request.body.is_some() {
        headers.insert(CONTENT_TYPE, json);
    }
    if let Some(authorization) = request.authorization {
        let value = private(authorization).map_err(|()| {
            let what = "the credentials hold a character that HTTP cannot carry";
            Failure::lasting(Error::new(ErrorKind::Credentials, what))
        })?;
        headers.insert(AUTHORIZATION, value);
    }
    for (name, value) in request.headers {
        add(&mut headers, name, value)?;
    }
    Ok(headers)
}

fn add(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Failure> {
    let uncarriable = || {
        let what = format!("the header {name:?} would hold a character that HTTP cannot carry");
        Failure::lasting(Error::new(ErrorKind::Configuration, what))
    };
    let value = private(value).map_err(|()| uncarriable())?;
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| uncarriable())?;
    headers.insert(name, value);
    Ok(())
}

/// A value that no log shows.
fn private(text: &str) -> Result<HeaderValue, ()> {
    let mut value = HeaderValue::from_str(text).map_err(|_| ())?;
    value.set_sensitive(true);
    Ok(value)
}
