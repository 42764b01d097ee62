//! Names of variables that do more than hand a value to one program.

use phase_run::SecretName;

/// What a variable can do to the programs that get it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Power {
    /// Says which code is found, loaded or run.
    Code,
    /// Is a function in every bash.
    Function,
    /// Says where the keys of connections are written.
    Keys,
    /// Says through whom programs speak with others.
    Route,
    /// Says whom programs trust.
    Trust,
}

const NAMES: &[(&str, Power)] = &[
    ("BASH_ENV", Power::Code),
    ("CLASSPATH", Power::Code),
    ("DOTNET_STARTUP_HOOKS", Power::Code),
    ("ENV", Power::Code),
    ("GCONV_PATH", Power::Code),
    ("GIT_SSH_COMMAND", Power::Code),
    ("GLIBC_TUNABLES", Power::Code),
    ("IFS", Power::Code),
    ("JAVA_TOOL_OPTIONS", Power::Code),
    ("JDK_JAVA_OPTIONS", Power::Code),
    ("NODE_EXTRA_CA_CERTS", Power::Trust),
    ("NODE_OPTIONS", Power::Code),
    ("NODE_PATH", Power::Code),
    ("NODE_TLS_REJECT_UNAUTHORIZED", Power::Trust),
    ("PATH", Power::Code),
    ("PERL5DB", Power::Code),
    ("PERL5LIB", Power::Code),
    ("PERL5OPT", Power::Code),
    ("PROMPT_COMMAND", Power::Code),
    ("PYTHONHOME", Power::Code),
    ("PYTHONPATH", Power::Code),
    ("PYTHONSTARTUP", Power::Code),
    ("RUBYLIB", Power::Code),
    ("RUBYOPT", Power::Code),
    ("SSLKEYLOGFILE", Power::Keys),
];

const BEGINNINGS: [(&str, Power); 3] = [
    ("BASH_FUNC_", Power::Function),
    ("DYLD_", Power::Code),
    ("LD_", Power::Code),
];

impl Power {
    fn of(name: &str) -> Option<Self> {
        if let Some((_, power)) = NAMES.iter().find(|(known, _)| *known == name) {
            return Some(*power);
        }
        let begun = BEGINNINGS.iter().find(|(mark, _)| name.starts_with(mark));
        if let Some((_, power)) = begun {
            return Some(*power);
        }
        // These are known in small and in capital letters.
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("npm_config_") {
            return Some(Self::Code);
        }
        lower.ends_with("_proxy").then_some(Self::Route)
    }

    fn does(self) -> &'static str {
        match self {
            Self::Code => "changes how programs find and load code",
            Self::Function => "is code: a function in every bash that the command starts",
            Self::Keys => "has programs write down the keys of their connections",
            Self::Route => "changes through whom programs reach others",
            Self::Trust => "changes whom programs trust",
        }
    }
}

/// What to say about a name that works otherwise than one might think. `is_spelled_out`
/// is whether the user wrote just this name: then nobody has to say what it can do.
pub(super) fn peculiar(name: &SecretName, is_spelled_out: bool) -> Option<String> {
    let text = name.as_str();
    match Power::of(text) {
        Some(_) if is_spelled_out => None,
        Some(power) => Some(format!(
            "{name} {}: name it in --only or --require if that is meant, else leave it out with --exclude",
            power.does()
        )),
        None if name.is_identifier() => None,
        None => Some(format!("{text:?} is no shell name: some shells drop it")),
    }
}
