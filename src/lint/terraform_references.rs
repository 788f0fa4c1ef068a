//! Addresses of Terraform, and which resources the expressions of a configuration refer to.

use super::json::Node;

/// An address in its parts: `module.m["k"].aws_iam_role.r[0]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TerraformAddress<'a> {
    /// The modules with their indices and the `.` behind them.
    module: &'a str,
    /// Type and name.
    plain: &'a str,
    /// What `count` or `for_each` made of it.
    index: Option<&'a str>,
}

impl<'a> TerraformAddress<'a> {
    fn of(address: &'a str) -> Self {
        let mut rest = address;
        while let Some(behind) = rest.strip_prefix("module.").and_then(|it| behind_step(it)) {
            rest = behind;
        }
        let module = &address[..address.len() - rest.len()];
        match rest.split_once('[') {
            Some((plain, index)) => Self { module, plain, index: index.strip_suffix(']') },
            None => Self { module, plain: rest, index: None },
        }
    }
}

/// What stands behind the first `.` outside of an index.
fn behind_step(address: &str) -> Option<&str> {
    let mut depth = 0_u32;
    let dot = address.find(|c| {
        depth += u32::from(c == '[');
        depth = depth.saturating_sub(u32::from(c == ']'));
        c == '.' && depth == 0
    })?;
    Some(&address[dot + 1..])
}

/// The address of an instance in a `terraform.tfstate`.
pub(super) fn of_instance(resource: &Node, instance: &Node) -> String {
    let [module, kind, name] = ["module", "type", "name"]
        .map(|name| resource.get(name).and_then(Node::text).unwrap_or_default());
    let module = match module {
        "" => String::new(),
        module => format!("{module}."),
    };
    let index = match instance.get("index_key") {
        Some(key) => match (key.text(), super::json::MadeText::of(&key.value)) {
            (Some(text), _) => format!("[\"{text}\"]"),
            (None, Some(number)) => format!("[{}]", number.text),
            (None, None) => String::new(),
        },
        None => String::new(),
    };
    format!("{module}{kind}.{name}{index}")
}

/// What an attribute refers to.
pub(super) struct TerraformReference<'a> {
    from: TerraformAddress<'a>,
    /// Type and name of a resource of the same module.
    plain: &'a str,
    /// Its index where the expression says it.
    index: Option<&'a str>,
}

impl TerraformReference<'_> {
    /// Whether it is that resource: of several by `count` or `for_each` the one that is named, else the one with the
    /// index of the resource that refers to it.
    pub(super) fn is_to(&self, address: &str) -> bool {
        let to = TerraformAddress::of(address);
        let index = self.index.or(self.from.index);
        (to.module, to.plain) == (self.from.module, self.plain)
            && (to.index.is_none() || index.is_none() || to.index == index)
    }

    /// The address without an index.
    pub(super) fn address(&self) -> String {
        format!("{}{}", self.from.module, self.plain)
    }
}

/// The resources of a configuration, each by its address without indices.
pub(super) struct References<'a>(Vec<(String, &'a Node)>);

impl<'a> References<'a> {
    pub(super) fn of(plan: &'a Node) -> Self {
        let mut all = Vec::new();
        let root = plan.at_path(&["configuration", "root_module"]);
        if let Some(root) = root {
            Self::add(root, "", &mut all);
        }
        Self(all)
    }

    fn add(module: &'a Node, prefix: &str, all: &mut Vec<(String, &'a Node)>) {
        for resource in module.get("resources").into_iter().flat_map(Node::items) {
            let address = resource.get("address").and_then(Node::text).unwrap_or_default();
            all.push((format!("{prefix}{address}"), resource));
        }
        for call in module.get("module_calls").into_iter().flat_map(Node::members) {
            if let Some(module) = call.value.get("module") {
                Self::add(module, &format!("{prefix}module.{}.", call.name), all);
            }
        }
    }

    /// What is written of a resource; `None` if there is no configuration of it.
    pub(super) fn written(&self, address: &str) -> Option<&'a Node> {
        let plain = without_indices(address);
        self.0.iter().find(|(known, _)| *known == plain).map(|(_, resource)| *resource)
    }

    /// What an attribute refers to, of resources whose addresses begin as `kind` does, each once.
    pub(super) fn all<'r>(
        &self,
        address: &'r str,
        attribute: &str,
        kind: &str,
    ) -> Vec<TerraformReference<'r>>
    where
        'a: 'r,
    {
        let expression =
            self.written(address).and_then(|it| it.at_path(&["expressions", attribute]));
        let named = expression.and_then(|it| it.get("references")).map(Node::items);
        let named = named.unwrap_or_default().iter().filter_map(Node::text);
        let mut all: Vec<TerraformReference<'r>> = Vec::new();
        // `aws_iam_role.r[0].name` and `aws_iam_role.r[0]` stand before `aws_iam_role.r`.
        for text in named.filter(|it| it.starts_with(kind)) {
            let end = text[kind.len()..].find(['.', '[']).map_or(text.len(), |it| it + kind.len());
            let (plain, rest) = text.split_at(end);
            let index = rest.strip_prefix('[').and_then(|it| it.split_once(']')).map(|it| it.0);
            if !all.iter().any(|it| it.plain == plain && (it.index == index || index.is_none())) {
                all.push(TerraformReference { from: TerraformAddress::of(address), plain, index });
            }
        }
        all
    }

    /// The one resource that an attribute refers to; `None` also if there are several.
    pub(super) fn one<'r>(
        &self,
        address: &'r str,
        attribute: &str,
        kind: &str,
    ) -> Option<TerraformReference<'r>>
    where
        'a: 'r,
    {
        let mut all = self.all(address, attribute, kind);
        all.pop().filter(|_| all.is_empty())
    }
}

/// An address without the keys of `count` and `for_each`.
fn without_indices(address: &str) -> String {
    let mut out = String::with_capacity(address.len());
    let mut depth = 0_u32;
    for c in address.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_parts() {
        for (address, module, plain, index) in [
            ("aws_iam_role.r", "", "aws_iam_role.r", None),
            ("aws_iam_role.for_aws_s3[0]", "", "aws_iam_role.for_aws_s3", Some("0")),
            ("module.a.aws_iam_role.r", "module.a.", "aws_iam_role.r", None),
            (
                "module.a[\"x.y\"].module.b[1].data.aws_x.y[\"k.l\"]",
                "module.a[\"x.y\"].module.b[1].",
                "data.aws_x.y",
                Some("\"k.l\""),
            ),
        ] {
            let expected = TerraformAddress { module, plain, index };
            assert_eq!(TerraformAddress::of(address), expected, "{address}");
        }
    }
}
