//! The API of Infisical: a login by universal auth, and lists of secrets.

use std::fmt::Write as _;

/// What whoever logs in gets.
pub fn login() -> Vec<u8> {
    // As long as the tokens of its service.
    let token = "eyJhbGciOiJIUzI1NiJ9".repeat(25);
    let grant = format!(
        "{{\"accessToken\":\"{token}\",\"expiresIn\":7200,\"accessTokenMaxTTL\":2592000,\"tokenType\":\"Bearer\"}}"
    );
    grant.into_bytes()
}

/// The project `count`, which has so many secrets, each with every field that
/// there is: about 1,000 bytes.
pub fn secrets(count: usize) -> Vec<u8> {
    let mut body = String::from("{\"secrets\":[");
    for number in 0..count {
        if number > 0 {
            body.push(',');
        }
        let _ = write!(
            body,
            "{{\"id\":\"{id}\",\"_id\":\"{id}\",\"workspace\":\"{count}\",\"environment\":\"dev\",\"version\":1,\
             \"type\":\"shared\",\"secretKey\":\"SETTING_{number:05}\",\"secretValue\":\"{value}\",\
             \"secretComment\":\"\",\"secretReminderNote\":null,\"secretReminderRepeatDays\":null,\
             \"skipMultilineEncoding\":false,\"createdAt\":\"2026-11-21T01:08:43.722Z\",\
             \"updatedAt\":\"2026-11-21T01:08:43.722Z\",\"actor\":{{\"actorId\":\"{id}\",\"actorType\":\"user\",\
             \"name\":\"somebody@example.com\",\"membershipId\":\"{id}\",\"groupId\":null}},\
             \"isRotatedSecret\":false,\"rotationId\":null,\"secretPath\":\"/\",\"secretValueHidden\":false,\
             \"secretMetadata\":[{{\"key\":\"team\",\"value\":\"backend\",\"isEncrypted\":false}}],\
             \"tags\":[{{\"id\":\"{id}\",\"slug\":\"backend\",\"name\":\"backend\",\"color\":\"#ffffff\"}}]}}",
            id = format_args!("{number:08x}-2628-4b08-a94d-3a21b4eb2a72"),
            value = format!("{number:08x}").repeat(8),
        );
    }
    body.push_str("],\"imports\":[]}");
    body.into_bytes()
}
