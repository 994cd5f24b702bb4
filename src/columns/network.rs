//! How pods are reached.

use serde_json::Value;

use super::selector::{labels, selector};
use super::view::{NONE, UNKNOWN, UNSET, View, first_few, list, or, plain, text};
use super::{Sheet, column, wide};

pub(super) fn sheet(kind: &str) -> Option<Sheet> {
    Some(match kind {
        "Service" => SERVICE,
        "Endpoints" => ENDPOINTS,
        "EndpointSlice" => ENDPOINT_SLICE,
        "Ingress" => INGRESS,
        "IngressClass" => INGRESS_CLASS,
        "NetworkPolicy" => NETWORK_POLICY,
        _ => return None,
    })
}

const SERVICE: Sheet = Sheet::of(
    &[column("TYPE"), column("CLUSTER-IP"), column("EXTERNAL-IP"), column("PORT(S)"), column("AGE"), wide("SELECTOR")],
    |view| {
        let first = text(view.at("/spec"), "/clusterIPs/0");
        let own = if first.is_empty() { view.text("/spec/clusterIP") } else { first };
        vec![
            view.text("/spec/type").to_owned(),
            or(own, NONE),
            external(view),
            ports(view),
            view.age(),
            labels(view.at("/spec/selector")),
        ]
    },
);

/// Addresses of the outside.
fn external(view: &View<'_>) -> String {
    let named = view.list("/spec/externalIPs").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",");
    match view.text("/spec/type") {
        "ClusterIP" | "NodePort" => or(&named, NONE),
        "LoadBalancer" => match (balancers(view), named) {
            (balancers, named) if named.is_empty() => or(&balancers, "<pending>"),
            (balancers, named) if balancers.is_empty() => named,
            (balancers, named) => format!("{balancers},{named}"),
        },
        "ExternalName" => view.text("/spec/externalName").to_owned(),
        _ => UNKNOWN.to_owned(),
    }
}

/// The addresses of load balancers, each once.
fn balancers(view: &View<'_>) -> String {
    let address = |point: &Value| match text(point, "/ip") {
        "" => text(point, "/hostname").to_owned(),
        ip => ip.to_owned(),
    };
    let points = view.list("/status/loadBalancer/ingress").iter().map(address);
    let mut all: Vec<String> = points.filter(|address| !address.is_empty()).collect();
    all.sort();
    all.dedup();
    all.join(",")
}

fn ports(view: &View<'_>) -> String {
    let port = |port: &Value| {
        let node = port.get("nodePort").and_then(Value::as_i64).filter(|node| *node > 0);
        let node = node.map(|node| format!(":{node}")).unwrap_or_default();
        format!("{}{node}/{}", plain(&port["port"]), text(port, "/protocol"))
    };
    let all: Vec<String> = view.list("/spec/ports").iter().filter(|port| port.is_object()).map(port).collect();
    or(&all.join(","), NONE)
}

const FEW: usize = 3;

const ENDPOINTS: Sheet = Sheet::of(&[column("ENDPOINTS"), column("AGE")], |view| {
    let mut all = Vec::new();
    for subset in view.list("/subsets") {
        let ports = list(subset, "/ports");
        for ip in list(subset, "/addresses").iter().map(|address| text(address, "/ip")) {
            let ip = if ip.contains(':') && !ports.is_empty() { format!("[{ip}]") } else { ip.to_owned() };
            match ports {
                [] => all.push(ip),
                ports => {
                    let numbers = ports.iter().filter(|port| port.is_object()).map(|port| plain(&port["port"]));
                    all.extend(numbers.map(|port| format!("{ip}:{port}")));
                }
            }
        }
    }
    vec![or(&first_few(&all, FEW, "more..."), NONE), view.age()]
});

const ENDPOINT_SLICE: Sheet =
    Sheet::of(&[column("ADDRESSTYPE"), column("PORTS"), column("ENDPOINTS"), column("AGE")], |view| {
        let port = |port: &Value| match port.get("port") {
            Some(number) if number.is_number() => number.to_string(),
            _ => "*".to_owned(),
        };
        let ports: Vec<String> = view.list("/ports").iter().map(port).collect();
        let endpoints = view.list("/endpoints").iter().flat_map(|endpoint| list(endpoint, "/addresses"));
        let endpoints: Vec<String> = endpoints.filter_map(Value::as_str).map(str::to_owned).collect();
        vec![
            view.text("/addressType").to_owned(),
            or(&first_few(&ports, FEW, "more..."), UNSET),
            or(&first_few(&endpoints, FEW, "more..."), UNSET),
            view.age(),
        ]
    });

const INGRESS: Sheet =
    Sheet::of(&[column("CLASS"), column("HOSTS"), column("ADDRESS"), column("PORTS"), column("AGE")], |view| {
        let hosts = view.list("/spec/rules").iter().map(|rule| text(rule, "/host")).filter(|host| !host.is_empty());
        let hosts: Vec<String> = hosts.map(str::to_owned).collect();
        let ports = if view.list("/spec/tls").is_empty() { "80" } else { "80, 443" };
        vec![
            view.text_or("/spec/ingressClassName", NONE),
            or(&first_few(&hosts, FEW, "more..."), "*"),
            balancers(view),
            ports.to_owned(),
            view.age(),
        ]
    });

const INGRESS_CLASS: Sheet = Sheet::of(&[column("CONTROLLER"), column("PARAMETERS"), column("AGE")], |view| {
    let parameters = view.at("/spec/parameters");
    let group = text(parameters, "/apiGroup");
    let group = if group.is_empty() { String::new() } else { format!(".{group}") };
    let shown = match text(parameters, "/name") {
        "" => NONE.to_owned(),
        name => format!("{}{group}/{name}", text(parameters, "/kind")),
    };
    vec![view.text("/spec/controller").to_owned(), shown, view.age()]
});

const NETWORK_POLICY: Sheet = Sheet::of(&[column("POD-SELECTOR"), column("AGE")], |view| {
    vec![selector(view.at("/spec/podSelector")), view.age()]
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Timestamp;

    fn shown(sheet: Sheet, body: &Value) -> String {
        sheet.cells(&View::new(body, Timestamp::from_seconds(0), None), false).join("|")
    }

    #[test]
    fn services_are_reached_from_outside_by_what_their_type_says() {
        let ports = json!([{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]);
        for (spec, ingress, expected) in [
            (json!({"type": "ClusterIP", "clusterIP": "None"}), json!([]), "ClusterIP|None|<none>|<none>"),
            (
                json!({"type": "NodePort", "clusterIPs": ["10.0.0.1", "::1"], "ports": ports}),
                json!([]),
                "NodePort|10.0.0.1|<none>|80:30080/TCP,53/UDP",
            ),
            (json!({"type": "LoadBalancer"}), json!([]), "LoadBalancer|<none>|<pending>|<none>"),
            (
                json!({"type": "LoadBalancer", "externalIPs": ["9.9.9.9"]}),
                json!([{"hostname": "lb"}, {"ip": "1.1.1.1"}, {"ip": "1.1.1.1"}]),
                "LoadBalancer|<none>|1.1.1.1,lb,9.9.9.9|<none>",
            ),
            (json!({"type": "ExternalName", "externalName": "a.b"}), json!([]), "ExternalName|<none>|a.b|<none>"),
        ] {
            let body = json!({"spec": spec, "status": {"loadBalancer": {"ingress": ingress}}});
            assert_eq!(shown(SERVICE, &body), format!("{expected}|<unknown>"));
        }
    }

    #[test]
    fn of_many_endpoints_a_few_are_named() {
        let addresses = json!([{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]);
        let body = json!({"subsets": [{"addresses": addresses, "ports": [{"port": 80}, {"port": 81}]}]});
        assert_eq!(shown(ENDPOINTS, &body), "10.0.0.1:80,10.0.0.1:81,10.0.0.2:80 + 1 more...|<unknown>");
        assert_eq!(shown(ENDPOINTS, &json!({})), "<none>|<unknown>");
        let body = json!({"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": [{"port": 80}]});
        assert_eq!(shown(ENDPOINT_SLICE, &body), "IPv4|80|10.0.0.1|<unknown>");
    }

    #[test]
    fn ingresses_name_their_hosts() {
        let body = json!({"spec": {"rules": [{"host": "a.b"}, {}], "tls": [{}]}});
        assert_eq!(shown(INGRESS, &body), "<none>|a.b||80, 443|<unknown>");
        assert_eq!(shown(INGRESS, &json!({})), "<none>|*||80|<unknown>");
    }
}
