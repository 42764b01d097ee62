//! Alibaba's cloud: a request that its STS answers with who has signed it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use zeroize::Zeroizing;

use super::EnvSnapshot;
use crate::error::{Error, ErrorKind, Result};
use crate::http::percent_encoded;

const ID: &str = "ALIBABA_CLOUD_ACCESS_KEY_ID";
const SECRET: &str = "ALIBABA_CLOUD_ACCESS_KEY_SECRET";
const SESSION: &str = "ALIBABA_CLOUD_SECURITY_TOKEN";

/// The parameters of a request to STS, signed now, that anybody may send: the
/// answer names the signer. They are good for some minutes, and once.
pub(crate) fn alicloud_request(env: &EnvSnapshot) -> Result<BTreeMap<&'static str, String>> {
    let [id, secret] = [ID, SECRET].map(|name| {
        env.text(name)?.ok_or_else(|| {
            let message = format!("no access key of Alibaba Cloud: {name} is not set");
            Error::new(ErrorKind::Credentials, message).help(format!("set {ID} and {SECRET}"))
        })
    });
    let (id, secret) = (id?, secret?);
    if env.text(SESSION)?.is_some() {
        let message =
            format!("{SESSION} is set, and temporary keys of Alibaba Cloud are not taken");
        return Err(Error::new(ErrorKind::Configuration, message)
            .help("use the access key of a RAM user, and unset it"));
    }
    let mut parameters = BTreeMap::from([
        ("AccessKeyId", id.to_owned()),
        ("Action", "GetCallerIdentity".to_owned()),
        ("Format", "JSON".to_owned()),
        ("SignatureMethod", "HMAC-SHA1".to_owned()),
        ("SignatureNonce", format!("{:032x}", fastrand::u128(..))),
        ("SignatureVersion", "1.0".to_owned()),
        (
            "Timestamp",
            humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        ),
        ("Version", "2015-04-01".to_owned()),
    ]);
    let signature = signature(&parameters, secret);
    parameters.insert("Signature", signature);
    Ok(parameters)
}

/// The signature of a GET with these parameters: version 1.0, of HMAC and SHA-1.
fn signature(parameters: &BTreeMap<&str, String>, secret: &str) -> String {
    let pairs: Vec<_> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", percent_encoded(value)))
        .collect();
    let text = format!("GET&%2F&{}", percent_encoded(&pairs.join("&")));
    let key = Zeroizing::new(format!("{secret}&"));
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_alibabas_documentation_is_signed_as_published() {
        let parameters = [
            ("AccessKeyId", "testid"),
            ("Action", "DescribeRegions"),
            ("Format", "XML"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"),
            ("SignatureVersion", "1.0"),
            ("Timestamp", "2016-02-23T12:46:24Z"),
            ("Version", "2014-05-26"),
        ];
        let parameters = parameters.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(
            signature(&BTreeMap::from(parameters), "testsecret"),
            "OLeaidS1JvxuMvnyHOwuJ+uX5qY="
        );
    }
}
