//! Which server is reached by which proxy: what the variables say of it.

mod address;
mod exceptions;

use std::env;
use std::ffi::OsString;

use reqwest::Url;

use crate::error::{Error, ErrorKind, Result};
pub(super) use address::Proxy;
use exceptions::Exceptions;

/// The proxies that variables name: `HTTPS_PROXY`, `HTTP_PROXY` and `ALL_PROXY`,
/// and in `NO_PROXY` the servers that are reached without one.
///
/// Each may be written in lower case, which goes first. White space and a byte
/// order mark round a value, and a pair of quotes round the whole of it, do not
/// count; a blank variable is not set.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    exceptions: Exceptions,
    http: Choice,
    https: Choice,
}

/// What there is for the servers of one scheme.
#[derive(Clone, Debug, Default)]
struct Choice {
    proxy: Option<Result<Proxy, Unusable>>,
    warnings: Vec<String>,
}

/// A variable that names no proxy we can use.
#[derive(Clone, Copy, Debug)]
struct Unusable {
    problem: &'static str,
    variable: &'static str,
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl Proxies {
    /// What the environment of this process says.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::from_variables(&|name| env::var_os(name))
    }

    /// What these variables say.
    #[must_use]
    pub fn from_variables(variables: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let https = &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
        let https = Choice::first(https, variables);
        // A web server makes `HTTP_PROXY` of a header that anybody may send.
        let served = variables("REQUEST_METHOD").is_some();
        let http = if served {
            Choice::first(&["http_proxy", "all_proxy", "ALL_PROXY"], variables)
                .without("HTTP_PROXY", variables)
        } else {
            let http = &["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
            Choice::first(http, variables)
        };
        let exceptions = if http.proxy.is_some() || https.proxy.is_some() {
            Exceptions::read(variables)
        } else {
            Exceptions::default()
        };
        Self {
            exceptions,
            http,
            https,
        }
    }

    /// The proxy for the server at `url`, if there is one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`] for a variable that cannot be used, and would be.
    pub(super) fn choose(&self, url: &Url) -> Result<Option<&Proxy>> {
        let Some(proxy) = &self.choice(url).proxy else {
            return Ok(None);
        };
        if self.exceptions.contain(url) {
            return Ok(None);
        }
        proxy.as_ref().map(Some).map_err(|unusable| {
            let Unusable { problem, variable } = unusable;
            let message = format!("{variable} cannot be used: {problem}");
            Error::new(ErrorKind::Configuration, message)
                .help("give a URL such as http://proxy.example.com:3128")
        })
    }

    /// What was not taken as it stands, where it has a say about `url`.
    pub(super) fn warnings(&self, url: &Url) -> Vec<String> {
        let choice = self.choice(url);
        let exceptions = self.exceptions.warnings.iter();
        let exceptions = exceptions.filter(|_| choice.proxy.is_some());
        choice.warnings.iter().chain(exceptions).cloned().collect()
    }

    fn choice(&self, url: &Url) -> &Choice {
        if url.scheme() == "https" {
            &self.https
        } else {
            &self.http
        }
    }
}

impl Choice {
    /// The first of `names` that is set.
    fn first(names: &[&'static str], variables: Variables<'_>) -> Self {
        let found = names
            .iter()
            .find_map(|&name| Some((name, text(name, variables)?)));
        let Some((variable, Text { text, warning })) = found else {
            return Self::default();
        };
        let proxy = text.ok_or("it is not UTF-8");
        let proxy = proxy.and_then(|text| Proxy::parse(&text, variable));
        Self {
            proxy: Some(proxy.map_err(|problem| Unusable { problem, variable })),
            warnings: warning.into_iter().collect(),
        }
    }

    /// The same, with a warning if `name` is set, which does not count.
    fn without(mut self, name: &str, variables: Variables<'_>) -> Self {
        if text(name, variables).is_some() {
            self.warnings.push(format!(
                "{name} does not count where REQUEST_METHOD is set: it may be a header of \
                 somebody's request"
            ));
        }
        self
    }
}

/// A variable's value.
struct Text {
    /// `None` for what is not UTF-8.
    text: Option<String>,
    warning: Option<String>,
}

/// The variable `name`, unless it is blank, without what people put round a value.
fn text(name: &str, variables: Variables<'_>) -> Option<Text> {
    let around = |c: char| c.is_whitespace() || c == '\u{feff}';
    let Ok(value) = variables(name)?.into_string() else {
        let (text, warning) = (None, None);
        return Some(Text { text, warning });
    };
    let value = value.trim_matches(around);
    let inside = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let text = inside.unwrap_or(value).trim_matches(around);
    let warning = inside.map(|_| format!("the quotes round the value of {name} are left out"));
    (!text.is_empty()).then(|| Text {
        text: Some(text.to_owned()),
        warning,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from_variables(&|name| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(found.1.into())
        })
    }

    /// The proxy for `url`, or what is said instead.
    fn chosen(variables: &[(&str, &str)], url: &str) -> Result<Option<String>, String> {
        let proxies = proxies(variables);
        let proxy = proxies.choose(&Url::parse(url).unwrap());
        let named = |proxy: &Proxy| format!("{}={proxy}", proxy.variable);
        let proxy = proxy.map(|proxy| proxy.map(named));
        proxy.map_err(|error| format!("{error}"))
    }

    fn warnings(variables: &[(&str, &str)], url: &str) -> Vec<String> {
        proxies(variables).warnings(&Url::parse(url).unwrap())
    }

    const HTTP: &str = "http://phase.example";
    const HTTPS: &str = "https://phase.example";

    #[test]
    fn lower_case_goes_first_then_the_scheme_then_all() {
        let all = [
            ("https_proxy", "a"),
            ("HTTPS_PROXY", "b"),
            ("all_proxy", "c"),
            ("ALL_PROXY", "d"),
        ];
        for (skip, named) in [
            (0, "https_proxy=a:80"),
            (1, "HTTPS_PROXY=b:80"),
            (2, "all_proxy=c:80"),
            (3, "ALL_PROXY=d:80"),
        ] {
            assert_eq!(chosen(&all[skip..], HTTPS), Ok(Some(named.to_owned())));
        }
        let http = [
            ("HTTP_PROXY", "h"),
            ("http_proxy", "l"),
            ("https_proxy", "s"),
        ];
        assert_eq!(chosen(&http, HTTP), Ok(Some("http_proxy=l:80".to_owned())));
        assert_eq!(
            chosen(&http[..1], HTTP),
            Ok(Some("HTTP_PROXY=h:80".to_owned()))
        );
        assert_eq!(chosen(&http[..2], HTTPS), Ok(None));
        assert_eq!(chosen(&[], HTTPS), Ok(None));
        let blank = [
            ("https_proxy", " \t"),
            ("HTTPS_PROXY", "\"\""),
            ("ALL_PROXY", "d"),
        ];
        assert_eq!(chosen(&blank, HTTPS), Ok(Some("ALL_PROXY=d:80".to_owned())));
        assert!(warnings(&blank, HTTPS).is_empty());
    }

    #[test]
    fn where_requests_are_served_a_header_of_theirs_is_no_proxy() {
        let served = [("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "evil")];
        assert_eq!(chosen(&served, HTTP), Ok(None));
        assert!(warnings(&served, HTTP)[0].starts_with("HTTP_PROXY does not count"));
        assert!(warnings(&served, HTTPS).is_empty());
        let also = [served.as_slice(), &[("http_proxy", "l")]].concat();
        assert_eq!(chosen(&also, HTTP), Ok(Some("http_proxy=l:80".to_owned())));
        let also = [served.as_slice(), &[("ALL_PROXY", "d")]].concat();
        assert_eq!(chosen(&also, HTTP), Ok(Some("ALL_PROXY=d:80".to_owned())));
    }

    #[test]
    fn what_stands_round_a_value_falls_off_and_quotes_are_told() {
        let text = "\u{feff} \"http://proxy.example:3128/\"\r\n";
        let variables = [("HTTPS_PROXY", text), ("NO_PROXY", "' other.example '")];
        let found = chosen(&variables, HTTPS);
        assert_eq!(found, Ok(Some("HTTPS_PROXY=proxy.example:3128".to_owned())));
        assert_eq!(
            warnings(&variables, HTTPS),
            [
                "the quotes round the value of HTTPS_PROXY are left out",
                "the quotes round the value of NO_PROXY are left out"
            ]
        );
        assert_eq!(chosen(&variables, "https://other.example"), Ok(None));
    }

    #[test]
    fn a_url_that_cannot_be_used_is_an_error_where_it_applies_and_never_shown() {
        for (url, problem) in [
            ("socks4://u:hunter2@p", "begins with none of"),
            ("ftp://u:hunter2@p", "begins with none of"),
            ("http://u:hunter2@", "its host or its port"),
            ("http://u:hunter2@p:99999", "its host or its port"),
            ("http://u:hunter2@p:hunter2", "its host or its port"),
            ("http://u:hunter2@[::1", "its host or its port"),
            ("http://u:hunter2@pro xy", "its host or its port"),
            ("http://u:hunter2@p/hunter2.pac", "it has a path"),
            ("http://u:hunter2@p?hunter2", "it has a path"),
        ] {
            let variables = [("https_proxy", url), ("NO_PROXY", "10.0.0.0/8")];
            let said = chosen(&variables, HTTPS).unwrap_err();
            assert!(said.starts_with("https_proxy cannot be used: "), "{said}");
            assert!(said.contains(problem), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
            assert!(!format!("{:?}", proxies(&variables)).contains("hunter2"));
            // It has no say about these.
            assert_eq!(chosen(&variables, HTTP), Ok(None));
            assert_eq!(chosen(&variables, "https://10.1.2.3"), Ok(None));
        }
        let long = format!("socks5://u:{}@p", "x".repeat(256));
        let said = chosen(&[("ALL_PROXY", &long)], HTTP).unwrap_err();
        assert!(said.contains("at most 255 bytes"), "{said}");
        let odd = OsString::from_vec(b"http://p\xff".to_vec());
        let odd = Proxies::from_variables(&|name| (name == "ALL_PROXY").then(|| odd.clone()));
        let error = odd.choose(&Url::parse(HTTP).unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ALL_PROXY cannot be used: it is not UTF-8"
        );
    }

    #[test]
    fn an_item_that_cannot_be_read_is_a_warning_that_names_its_place() {
        let list = "good.example, http://u:hunter2@p, 10.*, 10.0.0.0/33";
        let variables = [("HTTPS_PROXY", "p"), ("no_proxy", list)];
        let told = warnings(&variables, HTTPS);
        assert_eq!(told.len(), 3, "{told:?}");
        for (place, warning) in [2, 3, 4].into_iter().zip(&told) {
            let start = format!("item {place} of no_proxy cannot be read");
            assert!(warning.starts_with(&start), "{warning}");
            assert!(!warning.contains("hunter2"), "{warning}");
        }
        // Where no proxy is in question, none of that matters.
        assert!(warnings(&variables, HTTP).is_empty());
        assert!(warnings(&variables[1..], HTTPS).is_empty());
    }
}
