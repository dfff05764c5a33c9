//! Users, roles and privileges: what is read, printed and read again, and what is refused.

use cairn_engine::{Privilege, SecurableKind};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::generated::{ident, object_name, reads_back, some, text};
use super::{check, check_refused_at, parse};
use crate::ast::{
    AccessStatement, Authentication, DatabaseName, FunctionSignature, GrantPlace, GrantStatement,
    GrantTarget, Granted, GranteeIdent, Password, PasswordText, RoleChoice, Statement, TypeName, UserIdent,
};

#[test]
fn every_form_is_read() {
    for sql in [
        "CREATE USER u",
        "CREATE USER IF NOT EXISTS 'u'@'%' IDENTIFIED BY 'x' DEFAULT ROLE a, 'b'",
        "CREATE USER u@localhost IDENTIFIED BY PASSWORD '*0123456789012345678901234567890123456789'",
        "CREATE USER `u`@'10.%' IDENTIFIED WITH mysql_native_password",
        "CREATE USER u IDENTIFIED WITH 'mysql_native_password' BY \"it's\"",
        "CREATE USER u IDENTIFIED WITH mysql_native_password AS '*01' DEFAULT ROLE a",
        "ALTER USER u IDENTIFIED BY ''",
        "ALTER USER IF EXISTS 'u'@'h' IDENTIFIED WITH mysql_native_password BY 'x'",
        "ALTER USER u DEFAULT ROLE NONE",
        "ALTER USER u DEFAULT ROLE ALL",
        "ALTER USER u DEFAULT ROLE a, b",
        "DROP USER u",
        "DROP USER IF EXISTS u@'h'",
        "SET PASSWORD = PASSWORD('x')",
        "SET PASSWORD FOR 'u'@'h' = PASSWORD(\"x\")",
        "SET PASSWORD FOR u = '*01'",
        "CREATE ROLE a",
        "CREATE ROLE IF NOT EXISTS a, b COMMENT 'for reading'",
        "ALTER ROLE IF EXISTS a, b SET COMMENT = 'x'",
        "DROP ROLE IF EXISTS a, b",
        "GRANT REPOSITORY ON SYSTEM TO ROLE r",
        "GRANT EXPORT ON TABLE t TO ROLE r",
        "GRANT EXPORT ON ALL TABLES IN DATABASE d TO ROLE r",
        "GRANT EXPORT ON ALL TABLES IN ALL DATABASES TO ROLE r",
        "GRANT ALL ON t TO u",
        "GRANT ALL PRIVILEGES ON d.t, default_catalog.d.u TO USER u WITH GRANT OPTION",
        "GRANT SELECT, INSERT ON TABLE t TO USER 'u'@'h'",
        "GRANT CREATE TABLE, CREATE MATERIALIZED VIEW ON DATABASE d, e TO ROLE 'r'",
        "GRANT CREATE DATABASE ON CATALOG default_catalog TO u",
        "GRANT USAGE ON ALL CATALOGS TO u",
        "GRANT DROP ON ALL DATABASES TO u",
        "GRANT SELECT ON VIEW v TO u",
        "GRANT SELECT ON ALL VIEWS IN DATABASE d TO u",
        "GRANT REFRESH ON MATERIALIZED VIEW d.m TO u",
        "GRANT REFRESH ON ALL MATERIALIZED VIEWS IN ALL DATABASES TO u",
        "GRANT USAGE ON FUNCTION d.f(INT, VARCHAR(3)), g() TO u",
        "GRANT USAGE ON ALL FUNCTIONS IN DATABASE d TO u",
        "GRANT IMPERSONATE ON USER 'a'@'b', c TO u",
        "GRANT IMPERSONATE ON ALL USERS TO u",
        "GRANT a TO u",
        "GRANT 'a', b TO USER u",
        "GRANT a, b TO ROLE c",
        "GRANT user_admin TO role",
        "REVOKE a FROM u",
        "REVOKE a, b FROM ROLE c",
        "REVOKE REPOSITORY, NODE ON SYSTEM FROM ROLE r",
        "REVOKE EXPORT ON TABLE t FROM USER u",
        "SET ROLE NONE",
        "SET ROLE DEFAULT",
        "SET ROLE ALL",
        "SET ROLE ALL EXCEPT a, b",
        "SET ROLE a, 'b'",
        "SET DEFAULT ROLE NONE TO u",
        "SET DEFAULT ROLE a, b TO u, 'v'@'w'",
        "SHOW GRANTS",
        "SHOW GRANTS FOR u@h",
        "SHOW GRANTS FOR USER u",
        "SHOW GRANTS FOR ROLE r",
        "SHOW ROLES",
        "SHOW USERS",
        "EXECUTE AS 'u'@'%' WITH NO REVERT",
    ] {
        check(sql);
    }
}

#[test]
fn what_is_no_such_statement_is_refused() {
    for (sql, expected) in [
        ("CREATE USER", "line 1, column 12: expected IF or a user name, found the end of the statement"),
        ("CREATE USER u IDENTIFIED 'x'", "line 1, column 26: expected WITH or BY, found another string"),
        (
            "CREATE USER u IDENTIFIED BY x",
            "line 1, column 29: expected PASSWORD or the password as a string, found something else",
        ),
        ("CREATE USER u@['domain']", "line 1, column 15: a domain as a user's host is not supported yet"),
        ("ALTER USER u", "line 1, column 13: expected DEFAULT or IDENTIFIED, found the end of the statement"),
        ("SET PASSWORD 'x'", "line 1, column 14: expected FOR or '=', found another string"),
        ("SET x = 1", "line 1, column 1: SET X is not a supported statement"),
        ("GRANT REPOSITORY ON REPOSITORY r TO ROLE x", "line 1, column 32: expected TO, found 'r'"),
        ("GRANT NOTHING ON TABLE t TO u", "line 1, column 7: NOTHING is no privilege"),
        ("GRANT SELECT ON TABLE t", "line 1, column 24: expected TO, found the end of the statement"),
        ("GRANT SELECT ON TABLE t FROM u", "line 1, column 25: expected TO, found 'FROM'"),
        (
            "GRANT a TO u WITH GRANT OPTION",
            "line 1, column 14: expected the end of the statement, found 'WITH'",
        ),
        (
            "REVOKE SELECT ON t FROM u WITH GRANT OPTION",
            "line 1, column 27: expected the end of the statement, found 'WITH'",
        ),
        ("GRANT USAGE ON RESOURCE x TO u", "line 1, column 16: a privilege on RESOURCE is not supported yet"),
        ("GRANT SELECT ON ALL TABLES TO u", "line 1, column 28: expected IN, found 'TO'"),
        ("EXECUTE AS u", "line 1, column 13: expected WITH, found the end of the statement"),
    ] {
        check_refused_at(sql, expected);
    }
}

#[test]
fn passwords_are_in_no_error_and_no_debug_text() {
    for sql in [
        "CREATE USER u IDENTIFIED BY 'sesame' 'sesame'",
        "CREATE USER u IDENTIFIED 'sesame'",
        "CREATE USER u IDENTIFIED WITH 'p' 'sesame'",
        "ALTER USER u IDENTIFED BY 'sesame'",
        "SET PASSWORD FOR u 'sesame'",
        "SET PASSWORD FOR u = PASSWORD 'sesame'",
        "SET PASSWORD = PASSWORD('sesame'",
    ] {
        let error = parse(sql).unwrap_err();
        assert!(!error.to_string().contains("sesame"), "{sql}: {error}");
    }
    let statement = parse("CREATE USER u IDENTIFIED BY 'sesame'").unwrap();
    assert!(!format!("{statement:?}").contains("sesame"));
}

fn user() -> impl Strategy<Value = UserIdent> {
    (ident(), of(ident())).prop_map(|(name, host)| UserIdent { name, host })
}

fn password() -> impl Strategy<Value = PasswordText> {
    let text = text().prop_map(Password).boxed();
    prop_oneof![text.clone().prop_map(PasswordText::Plain), text.prop_map(PasswordText::Hash)]
}

fn authentication() -> impl Strategy<Value = Authentication> {
    let text = text().prop_map(Password).boxed();
    prop_oneof![
        text.clone().prop_map(Authentication::By),
        text.prop_map(Authentication::ByHash),
        (ident(), of(password())).prop_map(|(plugin, password)| Authentication::With { plugin, password }),
    ]
}

fn roles() -> impl Strategy<Value = RoleChoice> {
    prop_oneof![
        Just(RoleChoice::None),
        Just(RoleChoice::Default),
        Just(RoleChoice::All),
        some(ident()).prop_map(RoleChoice::AllExcept),
        some(ident()).prop_map(RoleChoice::Listed),
    ]
}

fn grantee() -> impl Strategy<Value = GranteeIdent> {
    prop_oneof![user().prop_map(GranteeIdent::User), ident().prop_map(GranteeIdent::Role)]
}

fn target() -> impl Strategy<Value = GrantTarget> {
    use SecurableKind::{Catalog, Database, Function, MaterializedView, Table, User, View};
    let place = prop_oneof![
        Just(GrantPlace::AllDatabases),
        (of(ident()), ident())
            .prop_map(|(catalog, name)| GrantPlace::Database(DatabaseName { catalog, name })),
    ];
    let function =
        (object_name(), prop::collection::vec(Just(TypeName::Known(cairn_format::ColumnType::Int)), 0..3))
            .prop_map(|(name, types)| FunctionSignature { name, types });
    prop_oneof![
        Just(GrantTarget::System),
        (select(vec![Table, View, MaterializedView, Database, Catalog]), some(object_name()))
            .prop_map(|(kind, names)| GrantTarget::Named { kind, names }),
        some(function).prop_map(GrantTarget::Functions),
        some(user()).prop_map(GrantTarget::Users),
        (select(vec![Table, View, MaterializedView, Function]), place)
            .prop_map(|(kind, place)| GrantTarget::All { kind, place }),
        select(vec![Database, Catalog, User])
            .prop_map(|kind| GrantTarget::All { kind, place: GrantPlace::Nowhere }),
    ]
}

fn grant() -> impl Strategy<Value = (Granted, GranteeIdent)> {
    let privilege = prop_oneof![
        1 => Just("ALL".to_owned()),
        4 => select(Privilege::ALL.to_vec()).prop_map(|privilege| privilege.as_sql().to_owned()),
    ];
    let what = prop_oneof![
        some(ident()).prop_map(Granted::Roles),
        (some(privilege), target()).prop_map(|(privileges, on)| Granted::Privileges { privileges, on }),
    ];
    (what, grantee())
}

fn access() -> impl Strategy<Value = Statement> {
    let users = prop_oneof![
        (any::<bool>(), user(), of(authentication()), prop::collection::vec(ident(), 0..3)).prop_map(
            |(if_not_exists, user, authentication, default_roles)| AccessStatement::CreateUser {
                if_not_exists,
                user,
                authentication,
                default_roles
            }
        ),
        (any::<bool>(), user(), authentication()).prop_map(|(if_exists, user, authentication)| {
            AccessStatement::AlterUser { if_exists, user, authentication }
        }),
        (any::<bool>(), user()).prop_map(|(if_exists, user)| AccessStatement::DropUser { if_exists, user }),
        (of(user()), password()).prop_map(|(user, password)| AccessStatement::SetPassword { user, password }),
        user().prop_map(AccessStatement::ExecuteAs),
        of(grantee()).prop_map(AccessStatement::ShowGrants),
    ];
    let roles = prop_oneof![
        (any::<bool>(), some(ident()), of(text())).prop_map(|(if_not_exists, roles, comment)| {
            AccessStatement::CreateRole { if_not_exists, roles, comment }
        }),
        (any::<bool>(), some(ident()), text())
            .prop_map(|(if_exists, roles, comment)| AccessStatement::AlterRole { if_exists, roles, comment }),
        (any::<bool>(), some(ident()))
            .prop_map(|(if_exists, roles)| AccessStatement::DropRole { if_exists, roles }),
        roles().prop_map(AccessStatement::SetRole),
        (roles(), some(user())).prop_map(|(roles, users)| AccessStatement::SetDefaultRole { roles, users }),
    ];
    let grants = (grant(), any::<bool>(), any::<bool>()).prop_map(|((what, grantee), revokes, option)| {
        let with_grant_option = option && !revokes && matches!(what, Granted::Privileges { .. });
        let statement = GrantStatement { what, grantee, with_grant_option };
        if revokes { AccessStatement::Revoke(statement) } else { AccessStatement::Grant(statement) }
    });
    prop_oneof![2 => users, 2 => roles, 3 => grants]
        .prop_map(|statement| Statement::Access(Box::new(statement)))
}

proptest! {
    #[test]
    fn what_is_about_access_reads_back(statement in access()) {
        reads_back(&statement);
    }
}
