//! Answers of the networks of a run to new data.

use std::fmt::Write as _;

use crate::json;

/// Points of a plane, of which the class is the half that they lie in.
fn points() -> (String, Vec<&'static str>) {
    let mut text = "x,y,half\n".to_owned();
    let mut halves = Vec::new();
    for number in 0..240_u32 {
        let [x, y] = [7, 13].map(|step| f64::from(number * step % 41) / 41.0);
        let half = if x + y > 1.0 { "upper" } else { "lower" };
        writeln!(text, "{x},{y},{half}").expect("a text takes more");
        halves.push(half);
    }
    (text, halves)
}

#[test]
fn any_network_that_was_trained_in_full_answers() {
    let folder = tempfile::tempdir().expect("there is room");
    let path = |name: &str| {
        let path = folder.path().join(name);
        path.to_str().expect("the path is text").to_owned()
    };
    let (text, halves) = points();
    let (table, run) = (path("points.csv"), path("run"));
    std::fs::write(&table, text).expect("there is room");
    let data = format!("csv:{table}");
    let mut arguments = vec!["search", "--data", &data, "--target", "half", "--json"];
    arguments.extend(["--run", &run, "--strategy", "random", "--verify", "off"]);
    arguments.extend(["--budget", "6trials", "--minimize", "parameters"]);
    let found = json(&arguments);
    let answers = |trial: Option<&str>| {
        let mut arguments = vec!["predict", &run, &table, "--json"];
        arguments.extend(trial.iter().flat_map(|trial| ["--trial", *trial]));
        let found = json(&arguments);
        let answers = found["predictions"].as_array().expect("it is a list");
        let classes = answers.iter().map(|own| own["class"].as_str());
        let classes = classes.map(|class| class.expect("it is a text").to_owned());
        classes.collect::<Vec<String>>()
    };
    let finalists = found["finalists"].as_array().expect("it is a list");
    assert!(finalists.len() > 1, "{found}");
    for own in finalists {
        let answers = answers(Some(&own["trial"].to_string()));
        let pairs = answers.iter().zip(&halves);
        let right = pairs.filter(|(answer, half)| answer == *half).count();
        assert!(right * 10 > halves.len() * 8, "{own}: {right}");
    }
    let best = found["best"]["trial"].to_string();
    assert_eq!(answers(Some(&best)), answers(None));
}
