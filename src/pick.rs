//! Finding the one thing a person meant among those there are.

use crate::error::{Error, ErrorKind, Result};
use crate::outside;

/// The candidate that a name means, and whether it had to be guessed.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Picked {
    /// Its place in the list of candidates.
    pub(crate) index: usize,
    /// Whether only a part of the name was given.
    pub(crate) partial: bool,
}

/// The one of `names` that `wanted` means: exactly, else ignoring case, else
/// as the only one that contains it.
///
/// `what` is the noun for messages, such as "environment"; `flag` the option to give.
///
/// # Errors
///
/// [`ErrorKind::Missing`] where nothing fits, [`ErrorKind::Ambiguous`] where
/// two do; both list the candidates.
pub(crate) fn pick(what: &str, flag: &str, wanted: &str, names: &[&str]) -> Result<Picked> {
    pick_with_ids(what, flag, wanted, names, &[])
}

/// The same where each of `names` has its id at the same place of `ids`: these tell two
/// of one name apart.
pub(crate) fn pick_with_ids(
    what: &str,
    flag: &str,
    wanted: &str,
    names: &[&str],
    ids: &[&str],
) -> Result<Picked> {
    let lower = wanted.to_lowercase();
    let shown = outside::shown(wanted);
    let tests: [&dyn Fn(&str) -> bool; 3] = [
        &|name| name == wanted,
        &|name| name.to_lowercase() == lower,
        &|name| !lower.is_empty() && name.to_lowercase().contains(&lower),
    ];
    for (round, fits) in tests.into_iter().enumerate() {
        let hits: Vec<usize> = (0..names.len()).filter(|&at| fits(names[at])).collect();
        match hits[..] {
            [] => {}
            [index] => {
                return Ok(Picked {
                    index,
                    partial: round == 2,
                });
            }
            _ => {
                let twins = |at: usize| hits.iter().filter(|&&hit| names[hit] == names[at]).count();
                let list = hits.iter().map(|&at| match ids.get(at) {
                    Some(id) if twins(at) > 1 => format!("{} ({id})", names[at]),
                    _ => names[at].to_owned(),
                });
                let list: Vec<String> = list.collect();
                let list = listed(list.iter().map(String::as_str));
                let text = format!("{what} {shown:?} could be any of: {list}");
                let advice = if ids.is_empty() || hits.iter().all(|&at| twins(at) == 1) {
                    format!("give {flag} the whole name, or the id")
                } else {
                    by_id(what, flag)
                };
                return Err(Error::new(ErrorKind::Ambiguous, text).help(advice));
            }
        }
    }
    let error = Error::new(ErrorKind::Missing, format!("there is no {what} {shown:?}"));
    Err(if names.is_empty() {
        error.help(format!("these credentials reach no {what} here"))
    } else {
        error.help(format!("there are: {}", listed(names.iter().copied())))
    })
}

/// What to do about two of one name.
fn by_id(what: &str, flag: &str) -> String {
    match flag {
        "--app" => "say which by its id, with --app-id".to_owned(),
        _ => format!("give one {what} of these another name in the console"),
    }
}

/// The names, sorted, with commas; a long list is cut.
pub(crate) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 20;
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    let more = names.len().saturating_sub(MOST);
    names.truncate(MOST);
    let text = names.join(", ");
    if more == 0 {
        text
    } else {
        format!("{text} and {more} more")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(wanted: &str, names: &[&str]) -> Result<Picked> {
        pick("environment", "--env", wanted, names)
    }

    #[test]
    fn an_exact_name_beats_another_case_and_a_part() {
        let names = ["dev-preview", "DEV", "dev"];
        let found = picked("dev", &names).unwrap();
        assert_eq!(
            found,
            Picked {
                index: 2,
                partial: false
            }
        );
        let found = picked("Dev-Preview", &names).unwrap();
        assert_eq!(
            found,
            Picked {
                index: 0,
                partial: false
            }
        );
    }

    #[test]
    fn prod_never_silently_means_preprod() {
        let error = picked("prod", &["Preprod", "Non-Prod", "Development"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
        assert!(error.to_string().ends_with("Non-Prod, Preprod"), "{error}");
        let found = picked("prod", &["Preprod", "Development"]).unwrap();
        assert!(found.partial, "the caller says which was chosen");
    }

    #[test]
    fn nothing_that_fits_is_missing_and_lists_what_there_is() {
        let error = picked("qa", &["Staging", "Development"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Missing);
        assert_eq!(error.advice(), Some("there are: Development, Staging"));
        assert_eq!(picked("", &["a"]).unwrap_err().kind(), ErrorKind::Missing);
    }

    #[test]
    fn two_of_the_same_name_are_ambiguous_and_told_apart_by_their_ids() {
        let error = picked("web", &["web", "web"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
        let names = ["web", "Web-2", "web"];
        let of = |wanted, flag| {
            let error = pick_with_ids("app", flag, wanted, &names, &["1", "2", "3"]).unwrap_err();
            (error.to_string(), error.advice().unwrap().to_owned())
        };
        let (text, advice) = of("we", "--app");
        assert!(text.ends_with("any of: Web-2, web (1), web (3)"), "{text}");
        assert_eq!(advice, "say which by its id, with --app-id");
        let (text, advice) = of("web", "--env");
        assert!(text.ends_with("any of: web (1), web (3)"), "{text}");
        assert!(advice.contains("another name"), "{advice}");
    }
}
