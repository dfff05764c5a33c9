//! Users, roles and privileges.

use std::fmt;

use cairn_engine::SecurableKind;

use super::database::if_word;
use super::print::{Commas, Quoted, write_comment};
use super::{DatabaseName, Ident, ObjectName, TypeName};

/// A statement about users, roles or privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessStatement {
    /// `CREATE USER [IF NOT EXISTS] user [authentication] [DEFAULT ROLE role {, role}]`
    CreateUser {
        /// Whether an existing user is no error.
        if_not_exists: bool,
        /// The user.
        user: UserIdent,
        /// How it proves who it is; without it, with nothing.
        authentication: Option<Authentication>,
        /// Roles it gets, which are active from the start.
        default_roles: Vec<Ident>,
    },
    /// `ALTER USER [IF EXISTS] user authentication`
    AlterUser {
        /// Whether a missing user is no error.
        if_exists: bool,
        /// The user.
        user: UserIdent,
        /// How it proves who it is from now on.
        authentication: Authentication,
    },
    /// `DROP USER [IF EXISTS] user`
    DropUser {
        /// Whether a missing user is no error.
        if_exists: bool,
        /// The user.
        user: UserIdent,
    },
    /// `SET PASSWORD [FOR user] = …`
    SetPassword {
        /// The user; without one, the session's.
        user: Option<UserIdent>,
        /// The password.
        password: PasswordText,
    },
    /// `CREATE ROLE [IF NOT EXISTS] role {, role} [COMMENT "…"]`
    CreateRole {
        /// Whether existing roles are no error.
        if_not_exists: bool,
        /// The roles.
        roles: Vec<Ident>,
        /// What they are for.
        comment: Option<String>,
    },
    /// `ALTER ROLE [IF EXISTS] role {, role} SET COMMENT = "…"`
    AlterRole {
        /// Whether missing roles are no error.
        if_exists: bool,
        /// The roles.
        roles: Vec<Ident>,
        /// What they are for.
        comment: String,
    },
    /// `DROP ROLE [IF EXISTS] role {, role}`
    DropRole {
        /// Whether missing roles are no error.
        if_exists: bool,
        /// The roles.
        roles: Vec<Ident>,
    },
    /// `GRANT`
    Grant(GrantStatement),
    /// `REVOKE`
    Revoke(GrantStatement),
    /// `SET ROLE roles`
    SetRole(RoleChoice),
    /// `SET DEFAULT ROLE roles TO user {, user}`, also from `ALTER USER user DEFAULT ROLE roles`
    SetDefaultRole {
        /// The roles.
        roles: RoleChoice,
        /// The users, never empty.
        users: Vec<UserIdent>,
    },
    /// `SHOW GRANTS [FOR …]`
    ShowGrants(Option<GranteeIdent>),
    /// `EXECUTE AS user WITH NO REVERT`
    ExecuteAs(UserIdent),
}

/// `name[@host]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserIdent {
    /// The name.
    pub name: Ident,
    /// Where it comes from; without one, from anywhere.
    pub host: Option<Ident>,
}

/// A password. It is printed where the statement is, and never by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub(crate) String);

/// How a user proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// `IDENTIFIED BY "password"`
    By(Password),
    /// `IDENTIFIED BY PASSWORD "hash"`
    ByHash(Password),
    /// `IDENTIFIED WITH plugin [BY "password" | AS "hash"]`
    With {
        /// The plugin.
        plugin: Ident,
        /// What it takes.
        password: Option<PasswordText>,
    },
}

/// A password, or what `mysql_native_password` makes of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordText {
    /// The password.
    Plain(Password),
    /// Its hash.
    Hash(Password),
}

/// Some of a user's roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleChoice {
    /// `NONE`
    None,
    /// `DEFAULT`: those that are active when a session begins
    Default,
    /// `ALL`
    All,
    /// `ALL EXCEPT role {, role}`
    AllExcept(Vec<Ident>),
    /// `role {, role}`
    Listed(Vec<Ident>),
}

/// What `GRANT` gives or `REVOKE` takes, and whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantStatement {
    /// What.
    pub what: Granted,
    /// Whom.
    pub grantee: GranteeIdent,
    /// `WITH GRANT OPTION`, only of privileges and never in `REVOKE`.
    pub with_grant_option: bool,
}

/// Roles or privileges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// Roles, never empty.
    Roles(Vec<Ident>),
    /// Privileges on something.
    Privileges {
        /// Their words in capitals, never empty; the word `ALL` for all that there are.
        privileges: Vec<String>,
        /// What they are on.
        on: GrantTarget,
    },
}

/// What privileges are on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantTarget {
    /// `SYSTEM`
    System,
    /// `[kind] name {, name}`, of any kind that has simple names
    Named {
        /// The kind.
        kind: SecurableKind,
        /// The names, never empty.
        names: Vec<ObjectName>,
    },
    /// `FUNCTION name(types) {, name(types)}`
    Functions(Vec<FunctionSignature>),
    /// `USER user {, user}`
    Users(Vec<UserIdent>),
    /// `ALL kinds …`
    All {
        /// The kind.
        kind: SecurableKind,
        /// Where.
        place: GrantPlace,
    },
}

/// Where everything of a kind is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GrantPlace {
    /// The kind has no place.
    Nowhere,
    /// `IN ALL DATABASES`
    AllDatabases,
    /// `IN DATABASE db`
    Database(DatabaseName),
}

/// A function and the types that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSignature {
    /// The function.
    pub name: ObjectName,
    /// The types.
    pub types: Vec<TypeName>,
}

/// A user or a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GranteeIdent {
    /// `[USER] user`
    User(UserIdent),
    /// `ROLE role`
    Role(Ident),
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted(&self.0).fmt(f)
    }
}

impl fmt::Display for UserIdent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted(&self.name.value).fmt(f)?;
        self.host.as_ref().map_or(Ok(()), |host| write!(f, "@{}", Quoted(&host.value)))
    }
}

impl fmt::Display for PasswordText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(password) => write!(f, "PASSWORD({password})"),
            Self::Hash(hash) => hash.fmt(f),
        }
    }
}

impl fmt::Display for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::By(password) => write!(f, "IDENTIFIED BY {password}"),
            Self::ByHash(hash) => write!(f, "IDENTIFIED BY PASSWORD {hash}"),
            Self::With { plugin, password } => {
                write!(f, "IDENTIFIED WITH {plugin}")?;
                match password {
                    None => Ok(()),
                    Some(PasswordText::Plain(password)) => write!(f, " BY {password}"),
                    Some(PasswordText::Hash(hash)) => write!(f, " AS {hash}"),
                }
            }
        }
    }
}

impl fmt::Display for RoleChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("NONE"),
            Self::Default => f.write_str("DEFAULT"),
            Self::All => f.write_str("ALL"),
            Self::AllExcept(roles) => write!(f, "ALL EXCEPT {}", QuotedNames(roles)),
            Self::Listed(roles) => QuotedNames(roles).fmt(f),
        }
    }
}

/// Names that may be words of the grammar, as strings.
struct QuotedNames<'a>(&'a [Ident]);

impl fmt::Display for QuotedNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<Quoted<'_>> = self.0.iter().map(|name| Quoted(&name.value)).collect();
        Commas(&names).fmt(f)
    }
}

impl fmt::Display for GranteeIdent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "USER {user}"),
            Self::Role(role) => write!(f, "ROLE {}", Quoted(&role.value)),
        }
    }
}

impl fmt::Display for FunctionSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, Commas(&self.types))
    }
}

impl fmt::Display for GrantTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("SYSTEM"),
            Self::Named { kind, names } => write!(f, "{kind} {}", Commas(names)),
            Self::Functions(functions) => write!(f, "FUNCTION {}", Commas(functions)),
            Self::Users(users) => write!(f, "USER {}", Commas(users)),
            Self::All { kind, place } => {
                write!(f, "ALL {kind}S")?;
                match place {
                    GrantPlace::Nowhere => Ok(()),
                    GrantPlace::AllDatabases => f.write_str(" IN ALL DATABASES"),
                    GrantPlace::Database(database) => write!(f, " IN DATABASE {database}"),
                }
            }
        }
    }
}

impl GrantStatement {
    fn write(&self, f: &mut fmt::Formatter<'_>, verb: &str, direction: &str) -> fmt::Result {
        match &self.what {
            Granted::Roles(roles) => write!(f, "{verb} {} {direction} ", QuotedNames(roles))?,
            Granted::Privileges { privileges, on } => {
                write!(f, "{verb} {} ON {on} {direction} ", Commas(privileges))?;
            }
        }
        write!(f, "{}{}", self.grantee, if_word(self.with_grant_option, " WITH GRANT OPTION"))
    }
}

impl fmt::Display for AccessStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let not_exists = |present: &bool| if_word(*present, "IF NOT EXISTS ").to_owned();
        let exists = |present: &bool| if_word(*present, "IF EXISTS ").to_owned();
        match self {
            Self::CreateUser { if_not_exists, user, authentication, default_roles } => {
                write!(f, "CREATE USER {}{user}", not_exists(if_not_exists))?;
                if let Some(authentication) = authentication {
                    write!(f, " {authentication}")?;
                }
                if default_roles.is_empty() {
                    return Ok(());
                }
                write!(f, " DEFAULT ROLE {}", QuotedNames(default_roles))
            }
            Self::AlterUser { if_exists, user, authentication } => {
                write!(f, "ALTER USER {}{user} {authentication}", exists(if_exists))
            }
            Self::DropUser { if_exists, user } => write!(f, "DROP USER {}{user}", exists(if_exists)),
            Self::SetPassword { user, password } => {
                f.write_str("SET PASSWORD")?;
                if let Some(user) = user {
                    write!(f, " FOR {user}")?;
                }
                write!(f, " = {password}")
            }
            Self::CreateRole { if_not_exists, roles, comment } => {
                write!(f, "CREATE ROLE {}{}", not_exists(if_not_exists), QuotedNames(roles))?;
                write_comment(f, comment.as_deref())
            }
            Self::AlterRole { if_exists, roles, comment } => {
                let (exists, roles) = (exists(if_exists), QuotedNames(roles));
                write!(f, "ALTER ROLE {exists}{roles} SET COMMENT = {}", Quoted(comment))
            }
            Self::DropRole { if_exists, roles } => {
                write!(f, "DROP ROLE {}{}", exists(if_exists), QuotedNames(roles))
            }
            Self::Grant(statement) => statement.write(f, "GRANT", "TO"),
            Self::Revoke(statement) => statement.write(f, "REVOKE", "FROM"),
            Self::SetRole(roles) => write!(f, "SET ROLE {roles}"),
            Self::SetDefaultRole { roles, users } => {
                write!(f, "SET DEFAULT ROLE {roles} TO {}", Commas(users))
            }
            Self::ShowGrants(None) => f.write_str("SHOW GRANTS"),
            Self::ShowGrants(Some(grantee)) => write!(f, "SHOW GRANTS FOR {grantee}"),
            Self::ExecuteAs(user) => write!(f, "EXECUTE AS {user} WITH NO REVERT"),
        }
    }
}
