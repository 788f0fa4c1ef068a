//! Files that are refused, and the way from each to one that is read.

use super::json::Node;
use crate::error::Error;

/// Why a file is not read although something of it could be: the rest would be taken for harmless.
pub(super) fn refusal(node: &Node) -> Option<Error> {
    if is_terraform(node) {
        let what = "Terraform's own language is not read, as JSON neither, but what it plans is";
        return Some(Error::request(what).hint(
            "run `terraform plan -out plan.bin`, then `terraform show -json plan.bin > plan.json`",
        ));
    }
    if node.get("service").is_some() && node.at_path(&["provider", "name"]).is_some() {
        let what =
            "this is a configuration of the Serverless Framework, which makes a template of it";
        return Some(Error::request(what).hint(
            "run `serverless package`, and give `.serverless/cloudformation-template-update-stack.json`",
        ));
    }
    None
}

/// Whether it is Terraform's configuration as JSON, CDK for Terraform's too.
fn is_terraform(node: &Node) -> bool {
    let blocks = ["resource", "data"].into_iter().filter_map(|name| node.get(name));
    let mut types = blocks.flat_map(Node::one_or_more).flat_map(Node::members);
    types.any(|it| it.name.starts_with("aws") && it.name.contains('_'))
}

/// Why a file has nothing to look at.
pub(super) fn nothing(node: &Node) -> Error {
    let hint = if node.get("errorMessage").is_some() || node.get("@level").is_some() {
        "this is what `terraform plan -json` prints: save a plan by `terraform plan -out plan.bin`, and give what \
         `terraform show -json plan.bin` prints"
    } else {
        "give policies as JSON, what `aws kms get-key-policy`, `aws s3api get-bucket-policy` or `aws iam \
         get-role-policy` print, what `terraform show -json` prints, or a CloudFormation template"
    };
    Error::request("the file has no policy and no bucket's encryption in it").hint(hint)
}
