//! Spans of time in the short words of kubectl: `48s`, `2m3s`, `5h`, `3d4h`.

/// A span of whole seconds; the longer it is the less is said of its rest.
pub fn age(seconds: i64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    let (days, years) = (hours / 24, hours / 24 / 365);
    let with = |head: i64, unit: char, rest: i64, lesser: char| match rest {
        0 => format!("{head}{unit}"),
        rest => format!("{head}{unit}{rest}{lesser}"),
    };
    match seconds {
        // Clocks differ by a second.
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => with(minutes, 'm', seconds % 60, 's'),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => with(hours, 'h', minutes % 60, 'm'),
        _ if hours < 48 => format!("{hours}h"),
        _ if days < 8 => with(days, 'd', hours % 24, 'h'),
        _ if days < 2 * 365 => format!("{days}d"),
        _ if years < 8 => with(years, 'y', days % 365, 'd'),
        _ => format!("{years}y"),
    }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn spans_are_as_kubectl_says_them() {
        let (minute, hour, day) = (60, 3_600, 86_400);
        for (seconds, expected) in [
            (-2, "<invalid>"),
            (-1, "0s"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (599, "9m59s"),
            (600, "10m"),
            (179 * minute + 59, "179m"),
            (3 * hour, "3h"),
            (3 * hour + 61, "3h1m"),
            (8 * hour + 61, "8h"),
            (47 * hour, "47h"),
            (2 * day, "2d"),
            (2 * day + hour, "2d1h"),
            (8 * day + hour, "8d"),
            (729 * day, "729d"),
            (730 * day, "2y"),
            (733 * day, "2y3d"),
            (8 * 365 * day + day, "8y"),
        ] {
            assert_eq!(age(seconds), expected, "{seconds}");
        }
    }
}
