use proptest::prelude::*;

use super::*;

fn labels(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}

#[test]
fn selectors_match_as_in_kubernetes() {
    for (selector, yes, no) in [
        ("", &["", "a=b"][..], &[][..]),
        ("a=b", &["a=b", "a=b,c=d"], &["", "a=c"]),
        ("a==b", &["a=b"], &["a=c"]),
        ("a!=b", &["", "a=c"], &["a=b"]),
        ("a=", &["a="], &["", "a=b"]),
        ("a in (x,y)", &["a=x", "a=y"], &["", "a=z"]),
        ("a notin (x,y)", &["", "a=z"], &["a=x"]),
        ("a in (,x)", &["a=", "a=x"], &[""]),
        ("a", &["a=", "a=b"], &["", "b=a"]),
        ("!a", &["", "b=a"], &["a="]),
        ("! a", &[""], &["a="]),
        ("a>5", &["a=6", "a=10"], &["", "a=5", "a=x", "a="]),
        ("a<5", &["a=4", "a=-1"], &["", "a=5", "a=x"]),
        ("a=b,c", &["a=b,c=d"], &["a=b", "c=d"]),
        (" a = b , c notin ( d , e ) ", &["a=b"], &["a=b,c=d"]),
        ("in in (in,notin)", &["in=in"], &["in=x"]),
        ("notin", &["notin=1"], &[""]),
        ("a=in", &["a=in"], &["a=x"]),
        ("app.kubernetes.io/name=web", &["app.kubernetes.io/name=web"], &["name=web"]),
    ] {
        let parsed: Selector = selector.parse().unwrap();
        assert!(yes.iter().all(|text| parsed.matches(&labels(text))), "{selector}");
        assert!(!no.iter().any(|text| parsed.matches(&labels(text))), "{selector}");
    }
}

#[test]
fn what_kubernetes_refuses_is_refused_with_its_place() {
    let long = "x".repeat(64);
    for (bad, column, problem) in [
        (",", 1, "found `,`, expected a label's name"),
        ("a=b,", 5, "the selector ends, expected a label's name"),
        ("a,,b", 3, "found `,`, expected a label's name"),
        ("=b", 1, "found `=`"),
        ("!", 2, "after `!`"),
        ("!!a", 2, "after `!`"),
        ("!a=b", 3, "found `=`, expected a comma or the end"),
        ("a b", 3, "found `b`, expected one of"),
        ("a=b c", 5, "found `c`, expected a comma or the end"),
        ("a=b=c", 4, "found `=`"),
        ("a===b", 4, "found `=`, expected a value"),
        ("a=(b)", 3, "found `(`, expected a value"),
        ("a in", 5, "the selector ends, expected `(`"),
        ("a in x", 6, "found `x`, expected `(`"),
        ("a in ()", 7, "must not be empty"),
        ("a in (x", 8, "the selector ends, expected a comma or `)`"),
        ("a in (x y)", 9, "found `y`"),
        ("a in (x,(y))", 9, "found `(`"),
        ("a>", 3, "the selector ends, expected a whole number"),
        ("a>x", 3, "`x` is not a whole number"),
        ("a<1.5", 3, "not a whole number"),
        ("a>-5", 3, "must begin and end"),
        ("a)", 2, "found `)`"),
        ("é=b", 1, "may hold only"),
        ("a=é", 3, "may hold only"),
        ("b=1,-a=b", 5, "must begin and end"),
        ("a/b/c=d", 1, "may hold only"),
        ("/a=b", 1, "DNS name"),
        ("A.com/a=b", 1, "DNS name"),
        ("a.com/=b", 1, "must begin and end"),
        ("é,a b", 1, "may hold only"),
        ("a=b_", 3, "must begin and end"),
        (&format!("a={long}"), 3, "longer than 63"),
        (&format!("{long}=a"), 1, "longer than 63"),
        (&format!("{}/a=b", "x".repeat(254)), 1, "longer than 253"),
    ] {
        let error = bad.parse::<Selector>().unwrap_err();
        assert_eq!(error.column, column, "{bad}: {error}");
        assert!(error.to_string().contains(problem), "{bad}: {error}");
    }
}

#[test]
fn selectors_are_written_plainly() {
    for (text, written) in [
        ("a==b , c", "a=b,c"),
        ("a in (y,x,x)", "a in (x,y)"),
        ("a in (,)", "a in (,)"),
        ("a notin (,x)", "a notin (,x)"),
        ("!a,b!=c,d>5,e<06", "!a,b!=c,d>5,e<6"),
    ] {
        assert_eq!(text.parse::<Selector>().unwrap().to_string(), written);
    }
}

fn any_selector() -> impl Strategy<Value = Selector> {
    let key = "([a-z]([a-z.]{0,3}[a-z])?/)?(in|notin|[a-zA-Z0-9]([-_.a-z]{0,4}[a-z0-9])?)"
        .prop_filter("a DNS name has no empty parts", |key| validate::key(key).is_ok());
    let value = "([a-zA-Z0-9]([-_.a-z]{0,4}[a-z0-9])?)?";
    let set = proptest::collection::btree_set(value, 1..4);
    let requirement = (key, value, set, 0..8, 0..i64::MAX).prop_map(|(key, value, set, which, number)| match which {
        0 => Expression::Equal(key, value).into(),
        1 => Expression::NotEqual(key, value).into(),
        2 => Expression::In(key, set).into(),
        3 => Expression::NotIn(key, set).into(),
        4 => Expression::Exists(key).into(),
        5 => Expression::DoesNotExist(key).into(),
        which => Requirement::Compare { key, greater: which == 6, than: number },
    });
    proptest::collection::vec(requirement, 0..4).prop_map(Selector)
}

proptest! {
    #[test]
    fn what_is_written_reads_back(selector in any_selector()) {
        prop_assert_eq!(selector.to_string().parse::<Selector>(), Ok(selector));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "([ab!=<>(),é]| in | notin ){0,12}|\\PC{0,20}") {
        if let Ok(selector) = text.parse::<Selector>() {
            prop_assert_eq!(selector.to_string().parse::<Selector>(), Ok(selector));
        }
    }
}
