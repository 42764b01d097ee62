//! Finding the app and the environment that a call is about.

use super::format::{App, Environment};
use crate::error::{Error, ErrorKind, Result};
use crate::notice::Notice;
use crate::outside;
use crate::pick::{listed, pick};
use crate::provider::require_whole;
use crate::scope;

/// What is found by its name.
pub(super) trait Named {
    /// The option that names it.
    const FLAG: &'static str;
    /// The noun for messages.
    const WHAT: &'static str;

    /// An empty one.
    fn named(name: &str) -> Self;

    fn name(&self) -> &str;
}

impl Named for App {
    const FLAG: &'static str = "--app";
    const WHAT: &'static str = "app";

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            environments: Vec::new(),
        }
    }

    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Environment {
    const FLAG: &'static str = "--env";
    const WHAT: &'static str = "environment";

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            secrets: Vec::new(),
        }
    }

    fn name(&self) -> &str {
        &self.name
    }
}

/// The one to read from. Where only a part of its name was given, a notice says so.
pub(super) fn chosen<T: Named>(
    wanted: &str,
    among: &[T],
    notices: &mut Vec<Notice>,
) -> Result<usize> {
    if among.is_empty() {
        let message = format!("there is no {} {:?}", T::WHAT, outside::shown(wanted));
        return Err(Error::new(ErrorKind::Missing, message)
            .help("this vault has none yet: the first secret that is created makes one"));
    }
    let names: Vec<&str> = among.iter().map(T::name).collect();
    let picked = pick(T::WHAT, T::FLAG, wanted, &names)?;
    if picked.partial {
        notices.push(Notice::Chosen {
            what: T::WHAT,
            wanted: wanted.to_owned(),
            chosen: names[picked.index].to_owned(),
        });
    }
    Ok(picked.index)
}

/// The one to change. A part of its name is not enough.
pub(super) fn exact<'a, T: Named>(wanted: &str, among: &'a mut [T]) -> Result<&'a mut T> {
    let mut notices = Vec::new();
    let index = chosen(wanted, among, &mut notices)?;
    require_whole(&notices)?;
    Ok(&mut among[index])
}

/// The one to add to: of that name, ignoring case. Where there is none it is made, if
/// `new` says that it may be.
pub(super) fn made<'a, T: Named>(
    wanted: &str,
    among: &'a mut Vec<T>,
    new: bool,
) -> Result<&'a mut T> {
    if wanted.is_empty() || wanted.contains(char::is_control) {
        let message = format!("{wanted:?} cannot name an {}", T::WHAT);
        return Err(Error::new(ErrorKind::Configuration, message)
            .help(format!("give {} a name of printable characters", T::FLAG)));
    }
    let alike = among
        .iter()
        .any(|one| one.name().to_lowercase() == wanted.to_lowercase());
    let index = if alike {
        chosen(wanted, among, &mut Vec::new())?
    } else if !new {
        let there = listed(among.iter().map(T::name));
        let message = format!("there is no {} {wanted:?}", T::WHAT);
        return Err(Error::new(ErrorKind::Missing, message).help(format!(
            "there are: {there}; --new-environment makes another"
        )));
    } else {
        let index = among.partition_point(|one| one.name() < wanted);
        among.insert(index, T::named(wanted));
        index
    };
    Ok(&mut among[index])
}

/// A vault knows names only: what was given as an id is one, too.
pub(super) fn app_name(place: &scope::Place) -> &str {
    match &place.app {
        scope::App::Id(text) | scope::App::Name(text) => text,
        scope::App::Only => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apps(names: &[&str]) -> Vec<App> {
        names.iter().map(|name| App::named(name)).collect()
    }

    #[test]
    fn a_part_of_a_name_is_enough_for_reading_but_not_for_a_change() {
        let mut notices = Vec::new();
        assert_eq!(
            chosen("shop", &apps(&["admin", "web-shop"]), &mut notices).unwrap(),
            1
        );
        assert_eq!(notices.len(), 1);

        let mut among = apps(&["admin", "web-shop"]);
        let error = exact("shop", &mut among)
            .map(|app| app.name.clone())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Missing);
        assert!(error.advice().unwrap().contains("web-shop"));
        assert_eq!(exact("WEB-shop", &mut among).unwrap().name, "web-shop");
    }

    #[test]
    fn another_case_is_the_same_app_and_a_part_is_a_new_one_in_its_order() {
        let mut among = apps(&["admin", "web-shop"]);
        for new in [false, true] {
            let found = made("Web-Shop", &mut among, new).unwrap();
            assert_eq!(found.name, "web-shop");
        }
        assert_eq!(made("shop", &mut among, true).unwrap().name, "shop");
        let names: Vec<_> = among.iter().map(App::name).collect();
        assert_eq!(names, ["admin", "shop", "web-shop"]);
    }

    #[test]
    fn one_that_is_not_there_is_not_made_unasked_and_those_that_are_there_are_listed() {
        let mut among = apps(&["admin", "web-shop"]);
        for wanted in ["shop", "web-shpo"] {
            let error = made(wanted, &mut among, false)
                .map(|app| app.name.clone())
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Missing);
            assert!(error.advice().unwrap().contains("admin, web-shop"));
        }
        assert_eq!(among.len(), 2);
    }

    #[test]
    fn two_that_differ_only_in_case_need_the_exact_name() {
        let mut among = apps(&["WEB", "web"]);
        assert_eq!(made("web", &mut among, true).unwrap().name, "web");
        let error = made("Web", &mut among, true)
            .map(|app| app.name.clone())
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Ambiguous);
    }

    #[test]
    fn a_name_that_nobody_could_see_is_refused() {
        for wanted in ["", "a\nb", "\u{1b}[2J"] {
            let error = made::<App>(wanted, &mut Vec::new(), true)
                .map(|_| ())
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Configuration, "{wanted:?}");
        }
    }
}
