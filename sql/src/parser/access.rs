//! Users, roles and privileges.

use cairn_engine::{Privilege, SecurableKind};
use sqlparser::tokenizer::Token;

use super::Result;
use super::cursor::Cursor;
use super::error::ParseError;
use super::types::column_type;
use crate::ast::{
    AccessStatement, Authentication, FunctionSignature, GrantPlace, GrantStatement, GrantTarget, Granted,
    GranteeIdent, Ident, Password, PasswordText, RoleChoice, UserIdent,
};

const USER: &str = "a user name";
const ROLE: &str = "a role name";

/// ```text
/// create_user := CREATE USER if_not_exists user [authentication] [DEFAULT ROLE role {, role}]
/// create_role := CREATE ROLE if_not_exists role {, role} comment
/// ```
pub(super) fn create(cursor: &mut Cursor<'_>) -> Result<AccessStatement> {
    cursor.expect_keyword("CREATE")?;
    if cursor.eat_keyword("ROLE") {
        let if_not_exists = cursor.if_not_exists()?;
        let roles = roles(cursor)?;
        return Ok(AccessStatement::CreateRole { if_not_exists, roles, comment: cursor.comment()? });
    }
    cursor.expect_keyword("USER")?;
    let if_not_exists = cursor.if_not_exists()?;
    let user = user(cursor)?;
    let authentication = authentication(cursor)?;
    let mut default_roles = Vec::new();
    if cursor.eat_keyword("DEFAULT") {
        cursor.expect_keyword("ROLE")?;
        default_roles = roles(cursor)?;
    }
    if cursor.is_keyword("PROPERTIES") {
        return Err(cursor.not_supported("PROPERTIES of a user"));
    }
    Ok(AccessStatement::CreateUser { if_not_exists, user, authentication, default_roles })
}

/// ```text
/// alter_user := ALTER USER if_exists user {authentication | DEFAULT ROLE role_choice}
/// alter_role := ALTER ROLE if_exists role {, role} SET COMMENT = string
/// ```
pub(super) fn alter(cursor: &mut Cursor<'_>) -> Result<AccessStatement> {
    cursor.expect_keyword("ALTER")?;
    if cursor.eat_keyword("ROLE") {
        let if_exists = cursor.if_exists()?;
        let roles = roles(cursor)?;
        cursor.expect_keyword("SET")?;
        cursor.expect_keyword("COMMENT")?;
        cursor.expect(&Token::Eq)?;
        return Ok(AccessStatement::AlterRole {
            if_exists,
            roles,
            comment: cursor.string("the comment as a string")?,
        });
    }
    cursor.expect_keyword("USER")?;
    let if_exists = cursor.if_exists()?;
    let user = user(cursor)?;
    if !if_exists && cursor.eat_keyword("DEFAULT") {
        cursor.expect_keyword("ROLE")?;
        return Ok(AccessStatement::SetDefaultRole { roles: role_choice(cursor)?, users: vec![user] });
    }
    match authentication(cursor)? {
        Some(authentication) => Ok(AccessStatement::AlterUser { if_exists, user, authentication }),
        None => Err(cursor.expected(&[])),
    }
}

/// ```text
/// drop_user := DROP USER if_exists user
/// drop_role := DROP ROLE if_exists role {, role}
/// ```
pub(super) fn drop(cursor: &mut Cursor<'_>) -> Result<AccessStatement> {
    cursor.expect_keyword("DROP")?;
    if cursor.eat_keyword("ROLE") {
        return Ok(AccessStatement::DropRole { if_exists: cursor.if_exists()?, roles: roles(cursor)? });
    }
    cursor.expect_keyword("USER")?;
    Ok(AccessStatement::DropUser { if_exists: cursor.if_exists()?, user: user(cursor)? })
}

/// ```text
/// set          := set_password | SET ROLE role_choice | SET DEFAULT ROLE role_choice TO user {, user}
/// set_password := SET PASSWORD [FOR user] = {PASSWORD ( string ) | string}
/// ```
pub(super) fn set(cursor: &mut Cursor<'_>) -> Result<AccessStatement> {
    if !["PASSWORD", "ROLE", "DEFAULT"].iter().any(|word| cursor.is_keyword_at(1, word)) {
        return Err(cursor.unsupported(2));
    }
    cursor.expect_keyword("SET")?;
    if cursor.eat_keyword("ROLE") {
        return role_choice(cursor).map(AccessStatement::SetRole);
    }
    if cursor.eat_keyword("DEFAULT") {
        cursor.expect_keyword("ROLE")?;
        let roles = role_choice(cursor)?;
        cursor.expect_keyword("TO")?;
        return Ok(AccessStatement::SetDefaultRole { roles, users: cursor.comma_list(user)? });
    }
    cursor.expect_keyword("PASSWORD")?;
    let user = if cursor.eat_keyword("FOR") { Some(user(cursor)?) } else { None };
    let password = cursor.secretly(|cursor| {
        cursor.expect(&Token::Eq)?;
        if !cursor.eat_keyword("PASSWORD") {
            return hidden(cursor).map(PasswordText::Hash);
        }
        cursor.expect(&Token::LParen)?;
        let password = hidden(cursor)?;
        cursor.expect(&Token::RParen)?;
        Ok(PasswordText::Plain(password))
    })?;
    Ok(AccessStatement::SetPassword { user, password })
}

/// ```text
/// execute_as := EXECUTE AS user WITH NO REVERT
/// ```
pub(super) fn execute_as(cursor: &mut Cursor<'_>) -> Result<AccessStatement> {
    cursor.expect_keyword("EXECUTE")?;
    cursor.expect_keyword("AS")?;
    let user = user(cursor)?;
    cursor.expect_keyword("WITH")?;
    cursor.expect_keyword("NO")?;
    cursor.expect_keyword("REVERT")?;
    Ok(AccessStatement::ExecuteAs(user))
}

/// ```text
/// show_grants := SHOW GRANTS [FOR grantee]
/// ```
pub(super) fn show_grants(cursor: &mut Cursor<'_>) -> Result<AccessStatement> {
    cursor.expect_keyword("SHOW")?;
    cursor.expect_keyword("GRANTS")?;
    let whose = if cursor.eat_keyword("FOR") { Some(grantee(cursor)?) } else { None };
    Ok(AccessStatement::ShowGrants(whose))
}

/// ```text
/// grant  := GRANT role {, role} TO grantee
///         | GRANT privilege {, privilege} ON target TO grantee [WITH GRANT OPTION]
/// revoke := REVOKE role {, role} FROM grantee | REVOKE privilege {, privilege} ON target FROM grantee
/// ```
pub(super) fn grant(cursor: &mut Cursor<'_>) -> Result<AccessStatement> {
    let revokes = cursor.eat_keyword("REVOKE");
    if !revokes {
        cursor.expect_keyword("GRANT")?;
    }
    let direction = if revokes { "FROM" } else { "TO" };
    let what = if names_roles(cursor, direction) {
        Granted::Roles(roles(cursor)?)
    } else {
        let privileges = cursor.comma_list(privilege)?;
        cursor.expect_keyword("ON")?;
        Granted::Privileges { privileges, on: target(cursor, direction)? }
    };
    cursor.expect_keyword(direction)?;
    let grantee = grantee(cursor)?;
    let may_have_option = !revokes && matches!(what, Granted::Privileges { .. });
    let with_grant_option = may_have_option && cursor.eat_keyword("WITH");
    if with_grant_option {
        cursor.expect_keyword("GRANT")?;
        cursor.expect_keyword("OPTION")?;
    }
    let statement = GrantStatement { what, grantee, with_grant_option };
    Ok(if revokes { AccessStatement::Revoke(statement) } else { AccessStatement::Grant(statement) })
}

/// Whether roles stand before the next TO or FROM, and not privileges on something.
fn names_roles(cursor: &Cursor<'_>, direction: &str) -> bool {
    let mut n = 0;
    loop {
        if cursor.is_keyword_at(n, direction) {
            return true;
        }
        if cursor.is_keyword_at(n, "ON") || cursor.peek_at(n) == &Token::EOF {
            return false;
        }
        n += 1;
    }
}

/// ```text
/// privilege := ALL [PRIVILEGES] | word {word}
/// ```
///
/// The words must name a privilege; whether it can be on the target is the analyser's matter.
fn privilege(cursor: &mut Cursor<'_>) -> Result<String> {
    let what = "a privilege";
    let location = cursor.location();
    if cursor.eat_keyword("ALL") {
        cursor.eat_keyword("PRIVILEGES");
        return Ok("ALL".to_owned());
    }
    let mut words: Vec<String> = Vec::new();
    while !cursor.is_keyword("ON") {
        let Some(word) = cursor.keyword() else { break };
        words.push(word);
        cursor.advance();
    }
    if words.is_empty() {
        return Err(cursor.expected(&[what]));
    }
    let words = words.join(" ");
    if Privilege::parse(&words).is_some() {
        return Ok(words);
    }
    let known: Vec<&str> = Privilege::ALL.into_iter().map(Privilege::as_sql).collect();
    Err(ParseError::new(location, format!("{words} is no privilege"))
        .with_hint(format!("privileges are {}", known.join(", "))))
}

/// ```text
/// target := SYSTEM
///         | [kind] object_name {, object_name}
///         | FUNCTION object_name ( [type {, type}] ) {, …}
///         | USER user {, user}
///         | ALL kinds [IN ALL DATABASES | IN DATABASE database_name]
/// kind   := TABLE | VIEW | MATERIALIZED VIEW | DATABASE | CATALOG
/// ```
fn target(cursor: &mut Cursor<'_>, direction: &str) -> Result<GrantTarget> {
    if cursor.eat_keyword("SYSTEM") {
        return Ok(GrantTarget::System);
    }
    if cursor.eat_keyword("ALL") {
        return all(cursor);
    }
    let is_word = |word: &str| cursor.is_keyword(word) && !cursor.is_keyword_at(1, direction);
    for unknown in ["RESOURCE", "STORAGE", "WAREHOUSE", "PIPE", "GLOBAL"] {
        let is_kind = is_word(unknown) && !matches!(cursor.peek_at(1), Token::Comma | Token::Period);
        if is_kind {
            return Err(cursor.not_supported(&format!("a privilege on {unknown}")));
        }
    }
    if is_word("FUNCTION") {
        cursor.advance();
        return cursor.comma_list(function).map(GrantTarget::Functions);
    }
    if is_word("USER") {
        cursor.advance();
        return cursor.comma_list(user).map(GrantTarget::Users);
    }
    let kinds = [
        ("TABLE", SecurableKind::Table),
        ("DATABASE", SecurableKind::Database),
        ("CATALOG", SecurableKind::Catalog),
        ("VIEW", SecurableKind::View),
    ];
    let mut kind = SecurableKind::Table;
    let what = if is_word("MATERIALIZED") && cursor.is_keyword_at(1, "VIEW") {
        cursor.set_index(cursor.index() + 2);
        kind = SecurableKind::MaterializedView;
        "a name"
    } else if let Some((_, named)) =
        kinds.into_iter().find(|(word, _)| is_word(word) && cursor.peek_at(1) != &Token::Comma)
    {
        cursor.advance();
        kind = named;
        "a name"
    } else {
        "a table name"
    };
    let names = cursor.comma_list(|cursor| cursor.object_name(what))?;
    Ok(GrantTarget::Named { kind, names })
}

fn all(cursor: &mut Cursor<'_>) -> Result<GrantTarget> {
    let kind = match cursor.keyword().as_deref() {
        Some("TABLES") => SecurableKind::Table,
        Some("VIEWS") => SecurableKind::View,
        Some("MATERIALIZED") if cursor.is_keyword_at(1, "VIEWS") => {
            cursor.advance();
            SecurableKind::MaterializedView
        }
        Some("FUNCTIONS") => SecurableKind::Function,
        Some("DATABASES") => SecurableKind::Database,
        Some("CATALOGS") => SecurableKind::Catalog,
        Some("USERS") => SecurableKind::User,
        _ => {
            return Err(cursor.expected(&[
                "TABLES",
                "VIEWS",
                "MATERIALIZED VIEWS",
                "FUNCTIONS",
                "DATABASES",
                "CATALOGS",
                "USERS",
            ]));
        }
    };
    cursor.advance();
    let place = match kind {
        SecurableKind::Database | SecurableKind::Catalog | SecurableKind::User => GrantPlace::Nowhere,
        _ => {
            cursor.expect_keyword("IN")?;
            if cursor.eat_keyword("ALL") {
                cursor.expect_keyword("DATABASES")?;
                GrantPlace::AllDatabases
            } else {
                cursor.expect_keyword("DATABASE")?;
                GrantPlace::Database(cursor.database_name()?)
            }
        }
    };
    Ok(GrantTarget::All { kind, place })
}

fn function(cursor: &mut Cursor<'_>) -> Result<FunctionSignature> {
    let name = cursor.object_name("a function name")?;
    cursor.expect(&Token::LParen)?;
    if cursor.eat(&Token::RParen) {
        return Ok(FunctionSignature { name, types: Vec::new() });
    }
    let types = cursor.comma_list(column_type)?;
    cursor.expect(&Token::RParen)?;
    Ok(FunctionSignature { name, types })
}

/// ```text
/// grantee := ROLE role | [USER] user
/// ```
fn grantee(cursor: &mut Cursor<'_>) -> Result<GranteeIdent> {
    let names_next = |cursor: &Cursor<'_>| {
        cursor.is_ident_at(1) || matches!(cursor.peek_at(1), Token::SingleQuotedString(_))
    };
    if cursor.is_keyword("ROLE") && names_next(cursor) {
        cursor.advance();
        return cursor.ident_or_string(ROLE).map(GranteeIdent::Role);
    }
    if cursor.is_keyword("USER") && names_next(cursor) {
        cursor.advance();
    }
    user(cursor).map(GranteeIdent::User)
}

/// ```text
/// user := ident_or_string [@ ident_or_string]
/// ```
fn user(cursor: &mut Cursor<'_>) -> Result<UserIdent> {
    let name = cursor.ident_or_string(USER)?;
    if !cursor.eat(&Token::AtSign) {
        return Ok(UserIdent { name, host: None });
    }
    if cursor.peek() == &Token::LBracket {
        return Err(cursor.not_supported("a domain as a user's host"));
    }
    let host = cursor.ident_or_string("a host")?;
    Ok(UserIdent { name, host: Some(host) })
}

/// ```text
/// authentication := [IDENTIFIED BY [PASSWORD] string | IDENTIFIED WITH ident_or_string [BY string | AS string]]
/// ```
fn authentication(cursor: &mut Cursor<'_>) -> Result<Option<Authentication>> {
    if !cursor.eat_keyword("IDENTIFIED") {
        return Ok(None);
    }
    cursor.secretly(|cursor| {
        if cursor.eat_keyword("WITH") {
            let plugin = cursor.ident_or_string("an authentication plugin")?;
            let password = if cursor.eat_keyword("BY") {
                Some(PasswordText::Plain(hidden(cursor)?))
            } else if cursor.eat_keyword("AS") {
                Some(PasswordText::Hash(hidden(cursor)?))
            } else {
                None
            };
            return Ok(Some(Authentication::With { plugin, password }));
        }
        cursor.expect_keyword("BY")?;
        Ok(Some(if cursor.eat_keyword("PASSWORD") {
            Authentication::ByHash(hidden(cursor)?)
        } else {
            Authentication::By(hidden(cursor)?)
        }))
    })
}

fn hidden(cursor: &mut Cursor<'_>) -> Result<Password> {
    cursor.string("the password as a string").map(Password)
}

/// ```text
/// role_choice := NONE | DEFAULT | ALL [EXCEPT role {, role}] | role {, role}
/// ```
fn role_choice(cursor: &mut Cursor<'_>) -> Result<RoleChoice> {
    if cursor.eat_keyword("NONE") {
        return Ok(RoleChoice::None);
    }
    if cursor.eat_keyword("DEFAULT") {
        return Ok(RoleChoice::Default);
    }
    if !cursor.eat_keyword("ALL") {
        return roles(cursor).map(RoleChoice::Listed);
    }
    Ok(if cursor.eat_keyword("EXCEPT") { RoleChoice::AllExcept(roles(cursor)?) } else { RoleChoice::All })
}

/// ```text
/// role := ident_or_string
/// ```
fn roles(cursor: &mut Cursor<'_>) -> Result<Vec<Ident>> {
    cursor.comma_list(|cursor| cursor.ident_or_string(ROLE))
}
