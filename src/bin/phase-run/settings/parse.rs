//! The text of a setting, read as what it means. What is said of a text that
//! means nothing is what it should be, since it may be a token in the wrong place.

use std::path::{Path, PathBuf};
use std::time::Duration;

use phase_run::outside::looks_like_token;
use tracing::level_filters::LevelFilter;

/// One of a few words.
///
/// # Errors
///
/// What it must be.
pub(crate) fn word<T: clap::ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, false).map_err(|_| {
        let values = T::value_variants().iter();
        let words = values.filter_map(|value| {
            let value = value.to_possible_value()?;
            Some(value.get_name().to_owned())
        });
        format!("one of: {}", words.collect::<Vec<_>>().join(", "))
    })
}

/// A time span.
///
/// # Errors
///
/// What it must be.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(span) if !span.is_zero() => Ok(span),
        Ok(_) => Err("a time span longer than nothing, such as 30s or 2m".to_owned()),
        Err(_) => Err("a time span with its unit, such as 30s or 2m".to_owned()),
    }
}

/// How much is logged.
///
/// # Errors
///
/// What it must be.
pub(crate) fn level(text: &str) -> Result<LevelFilter, String> {
    let levels = "one of: off, error, warn, info, debug, trace";
    text.parse().map_err(|_| levels.to_owned())
}

/// Yes or no.
///
/// # Errors
///
/// What it must be.
pub(crate) fn yes(text: &str) -> Result<bool, String> {
    match &*text.to_ascii_lowercase() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("1, true, yes or on; or 0, false, no or off".to_owned()),
    }
}

/// A name or an address. No server is asked for a token by its name, which would
/// send it there.
///
/// # Errors
///
/// What it must be.
pub(crate) fn name(text: &str) -> Result<String, String> {
    if looks_like_token(text) {
        return Err("a name, and no token".to_owned());
    }
    Ok(text.to_owned())
}

/// `path`, below the folder `home` if it begins with `~/`.
pub(crate) fn at_home(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(below), Some(home)) => home.join(below),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_have_four_words_each_in_any_case_and_others_are_neither() {
        for (text, expected) in [
            ("1", Some(true)),
            ("True", Some(true)),
            ("YES", Some(true)),
            ("on", Some(true)),
            ("0", Some(false)),
            ("false", Some(false)),
            ("No", Some(false)),
            ("OFF", Some(false)),
            ("", None),
            ("2", None),
            ("nope", None),
        ] {
            assert_eq!(yes(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_file_may_lie_in_the_home_folder() {
        let home = Some(Path::new("/me"));
        for (path, expected) in [
            ("~/a", "/me/a"),
            ("~", "/me"),
            ("~you/a", "~you/a"),
            ("/~/a", "/~/a"),
        ] {
            assert_eq!(at_home(Path::new(path), home), Path::new(expected));
        }
        assert_eq!(at_home(Path::new("~/a"), None), Path::new("~/a"));
    }
}
