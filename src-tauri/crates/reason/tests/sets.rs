//! Sets of policies: reload keeps the last good, names are unique, overlaps are named, summaries say what is in force.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)] // a test may panic, print and spawn; clippy only knows its `#[test]` functions

use switchtower_reason::{PolicySet, PolicyState, Severity};

fn file(name: &str, source: &str) -> (String, String) {
    (name.to_owned(), source.to_owned())
}

#[test]
fn a_broken_file_keeps_its_last_good_version_and_says_so() {
    let good = PolicySet::load(vec![file("a.toml", "version = 1\nmax_tool_errors = 3\ncontext_limit = 0\n")]).set;
    let broken = PolicySet::reload(&good, vec![file("a.toml", "version = 1\nmax_tool_erors = 5\n")]);
    assert_eq!(broken.problems.len(), 1);
    let summary = &broken.set.summaries()[0];
    assert_eq!((summary.state, summary.rules), (PolicyState::Kept, 1));
    assert!(summary.error.as_deref().unwrap().starts_with("a.toml:2:1: unknown key `max_tool_erors`"));
    assert_eq!(broken.set.versions(), good.versions());

    let still = PolicySet::reload(&broken.set, vec![file("a.toml", "version = 1\n[[rule")]);
    assert_eq!(still.set.summaries()[0].state, PolicyState::Kept);
    let back = PolicySet::reload(&still.set, vec![file("a.toml", "version = 1\nmax_tool_errors = 5\n")]);
    assert_eq!(back.set.summaries()[0].state, PolicyState::Active);
    assert_ne!(back.set.versions(), good.versions());
}

#[test]
fn going_back_to_the_kept_text_makes_it_active_again() {
    let text = "version = 1\nmax_tool_errors = 3\n";
    let good = PolicySet::load(vec![file("a.toml", text)]).set;
    let broken = PolicySet::reload(&good, vec![file("a.toml", "oops")]).set;
    let back = PolicySet::reload(&broken, vec![file("a.toml", text)]);
    assert!(back.problems.is_empty());
    assert_eq!(back.set.summaries()[0].state, PolicyState::Active);
}

#[test]
fn a_file_that_never_compiled_is_named_and_does_nothing() {
    let loaded =
        PolicySet::load(vec![file("dir/bad.toml", "x"), file("good.toml", "version = 1\nmax_tool_errors = 3\n")]);
    let summaries = loaded.set.summaries();
    assert_eq!((summaries[0].name.as_str(), summaries[0].state), ("bad", PolicyState::Broken));
    assert_eq!(loaded.set.versions().len(), 1);
}

#[test]
fn a_removed_file_is_out_of_force() {
    let good = PolicySet::load(vec![file("a.toml", "version = 1\nmax_tool_errors = 3\n")]).set;
    assert!(PolicySet::reload(&good, Vec::new()).set.versions().is_empty());
}

#[test]
fn two_files_cannot_have_one_name() {
    let text = "version = 1\nname = 'same'\nmax_tool_errors = 3\n";
    let loaded = PolicySet::load(vec![file("a.toml", text), file("b.toml", text)]);
    assert_eq!(loaded.problems[0].message, "the name `same` is taken by a.toml");
    assert_eq!(loaded.set.summaries()[1].state, PolicyState::Broken);
}

#[test]
fn two_limits_for_the_same_agents_are_named() {
    let text = |agents: &str, n: u32| format!("version = 1\nagents = [{agents}]\nmax_tool_errors = {n}\n");
    let warned = |one: &str, two: &str| {
        let loaded = PolicySet::load(vec![file("a.toml", &text(one, 3)), file("b.toml", &text(two, 5))]);
        assert_eq!(loaded.set.versions().len(), 2);
        loaded.problems
    };
    let found = warned("'research-*'", "");
    assert_eq!((found[0].severity, found[0].line, found[0].file.as_str()), (Severity::Warning, 3, "b.toml"));
    assert_eq!(found[0].message, "`max_tool_errors` is set by a.toml too, for agents that both may match");
    assert!(warned("'research-*'", "'ops'").is_empty());
    assert_eq!(warned("'research-*'", "'research-7'").len(), 1);
}

#[test]
fn a_summary_names_mode_rules_and_version() {
    let loaded = PolicySet::load(vec![file(
        "a.toml",
        "version = 1\nagents = ['x']\nmax_tool_errors = 3\ncontext_limit = 0\n[[rule]]\nid = 'r'\nmode = 'shadow'\non = 'tool.call'\ndo = ['block']\n",
    )]);
    let summary = loaded.set.summaries().remove(0);
    assert_eq!((summary.mode, summary.rules, summary.agents), ("mixed", 2, vec!["x".to_owned()]));
    assert_eq!(summary.version.len(), 12);
    assert_eq!(summary.error, None);
}

#[test]
fn a_rule_shows_its_full_form_also_when_a_simple_key_made_it() {
    let source = "version = 1\nmax_tool_errors = 3\ncontext_limit = 0\n[[rule]]\nid = 'r'\non = 'tool.call'\ndo = ['block']\n\n[[rule]]\nid = 's'\non = 'tool.call'\ndo = ['block']\n";
    let set = PolicySet::load(vec![file("a.toml", source)]).set;
    let rules = set.policy("a").unwrap().rules();
    assert_eq!(rules.iter().map(|r| r.line).collect::<Vec<_>>(), [2, 4, 9]);
    assert_eq!(rules[0].lowered_from, Some("max_tool_errors"));
    assert_eq!(rules[1].toml, "[[rule]]\nid = 'r'\non = 'tool.call'\ndo = ['block']");
    // Expanded by hand, the lowered rule is the same rule.
    let expanded = PolicySet::load(vec![file("a.toml", &format!("version = 1\n{}\n", rules[0].toml))]);
    assert!(expanded.problems.is_empty(), "{:?}", expanded.problems);
    assert_eq!(expanded.set.policy("a").unwrap().rules()[0].id, "max_tool_errors");
}
