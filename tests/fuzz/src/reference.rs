use phase_run::fuzz::resolve::{pieces, resolved};
use phase_run::{Folder, Plan, Secret, SecretType, SecretValue};

/// The pieces of a value are the value, each means by itself what it means in
/// it, and resolving comes to an end that the order of the secrets does not change.
///
/// # Panics
///
/// If that is not so.
pub fn reference(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    for dotted in [false, true] {
        taken_apart(text, dotted);
    }
    resolution(text);
}

/// Takes `text` apart, by the grammar of Infisical if it is `dotted`.
fn taken_apart(text: &str, dotted: bool) {
    let mut whole = String::new();
    let mut after_text = false;
    for (piece, parts) in pieces(text, dotted) {
        whole.push_str(piece);
        assert!(!piece.is_empty());
        assert!(parts.is_some() || !after_text, "text is one piece");
        after_text = parts.is_none();
        if let Some(parts) = &parts {
            assert!(piece.starts_with("${") && piece.ends_with('}'));
            assert!(dotted || !parts.key.is_empty());
            assert!(!parts.key.contains('/'));
            let folder = parts.folder.as_deref();
            assert!(folder.is_none_or(|folder| folder.starts_with('/')));
        }
        assert_eq!(pieces(piece, dotted), [(piece, parts)]);
    }
    assert_eq!(whole, text);
}

/// Takes each line for the value of the secret `A`, `B`, `C` …
fn resolution(text: &str) {
    let secrets: Vec<Secret> = ('A'..='Z').zip(text.lines()).map(secret).collect();
    let strict = Plan::default();
    if let Ok(all) = resolved(secrets.clone(), &strict) {
        assert_eq!(all.len(), secrets.len());
    }
    let lenient = Plan {
        allow_unresolved: true,
        ..strict
    };
    let shown = |secrets: Vec<Secret>| -> Vec<(String, String)> {
        let all = resolved(secrets, &lenient).expect("a lenient plan takes everything");
        all.into_iter()
            .map(|one| (one.name, one.value.expose().to_owned()))
            .collect()
    };
    let forwards = shown(secrets.clone());
    let backwards = shown(secrets.into_iter().rev().collect());
    assert!(forwards == backwards, "the order of the secrets matters");
}

fn secret((name, value): (char, &str)) -> Secret {
    Secret {
        comment: String::new(),
        folder: Folder::root(),
        id: name.to_string(),
        kind: SecretType::default(),
        metadata: Vec::new(),
        name: name.to_string(),
        personal: None,
        tags: Vec::new(),
        updated: String::new(),
        value: Some(SecretValue::new(value.to_owned())),
        version: 1,
    }
}
