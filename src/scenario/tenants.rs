//! Tenants to what they consist of: buckets, principals, populations and workloads of each.

use std::collections::{BTreeMap, BTreeSet};

use statrs::function::erf;

use super::read::Include;
use super::resolve::Misplaced;
use super::written::{
    BucketFile, PopulationFile, PrincipalFile, ScenarioFile, TenantSizes, TenantsFile, WorkloadFile,
};
use crate::error::{Error, Result};

/// Most tenants of a table.
const MOST: u32 = 10_000;

/// A tenant.
#[derive(Clone, Debug, PartialEq)]
struct Tenant {
    name: String,
    size: f64,
    account: Option<String>,
    region: Option<String>,
}

/// From which table of a template each table of the scenario comes that is beyond its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins {
    /// By list: how many tables are the scenario's own, and the paths of the others.
    lists: BTreeMap<&'static str, (usize, Vec<String>)>,
}

impl Origins {
    /// Where what stands at a path of the expanded scenario was written.
    pub(super) fn written_at(&self, path: &str) -> String {
        let mut parts = path.splitn(3, '.');
        let place = (parts.next(), parts.next().and_then(|index| index.parse::<usize>().ok()));
        let rest = parts.next();
        let (Some(list), Some(index)) = place else { return path.to_owned() };
        let origin =
            self.lists.get(list).and_then(|(own, paths)| paths.get(index.checked_sub(*own)?));
        match (origin, rest) {
            (Some(origin), Some(rest)) => format!("{origin}.{rest}"),
            (Some(origin), None) => origin.clone(),
            (None, _) => path.to_owned(),
        }
    }
}

type Placed<T> = std::result::Result<T, Misplaced>;

/// Puts what all tenants have into the scenario's own lists.
pub(super) fn expand(file: &mut ScenarioFile, include: Include) -> Placed<Origins> {
    let own = [
        ("bucket", file.buckets.len()),
        ("principal", file.principals.len()),
        ("population", file.populations.len()),
        ("workload", file.workloads.len()),
    ];
    let mut origins = Origins::default();
    for (list, own) in own {
        origins.lists.insert(list, (own, Vec::new()));
    }
    for (number, template) in std::mem::take(&mut file.tenants).iter().enumerate() {
        let path = format!("tenants.{number}");
        let tenants = tenants(template, include)
            .map_err(|(key, error)| Misplaced { path: format!("{path}.{key}"), error })?;
        let names = TemplateNames::of(template);
        names.put_into_migrations(file, &tenants);
        for tenant in &tenants {
            let of_tenant = OfTenant { tenant, names: &names };
            let added = of_tenant.add(template, file);
            added.map_err(|error| Misplaced { path: path.clone(), error })?;
            for (list, count) in [
                ("bucket", template.buckets.len()),
                ("principal", template.principals.len()),
                ("population", template.populations.len()),
                ("workload", template.workloads.len()),
            ] {
                let paths = (0..count).map(|index| format!("{path}.{list}.{index}"));
                origins.lists.entry(list).or_default().1.extend(paths);
            }
        }
    }
    Ok(origins)
}

/// The tenants of a table; an error with the key that it is about.
fn tenants(
    of: &TenantsFile,
    include: Include,
) -> std::result::Result<Vec<Tenant>, (&'static str, Error)> {
    let parts = [of.buckets.len(), of.principals.len(), of.populations.len(), of.workloads.len()];
    if parts == [0; 4] {
        return Err((
            "name",
            Error::request("the tenants have nothing, but a tenant has at least a workload")
                .hint("describe one of them by `[[tenants.bucket]]`, `[[tenants.principal]]` and `[[tenants.workload]]`"),
        ));
    }
    if let Some(TenantSizes::Csv(name)) = &of.sizes {
        if of.count.is_some() {
            let error = Error::request("`count` is given, but tenants of a CSV file are counted");
            return Err(("count", error.hint("leave out `count`")));
        }
        let read = include(name).and_then(|text| of_csv(&text, name));
        return read.map_err(|error| ("sizes", error));
    }
    let count = of.count.unwrap_or_default();
    if count == 0 || count > MOST {
        let wrong = match of.count {
            None => "`count` is missing, but tenants have a number".to_owned(),
            Some(count) => format!("`count` is `{count}`, but must be from 1 to {MOST}"),
        };
        return Err(("count", Error::request(wrong).hint("give e.g., `count = 40`")));
    }
    let digits = count.to_string().len().max(3);
    let sizes = sizes(of.sizes.as_ref(), count).map_err(|error| ("sizes", error))?;
    let named = (1..=count).zip(sizes).map(|(number, size)| Tenant {
        name: format!("{}-{number:0digits$}", of.name),
        size,
        account: None,
        region: None,
    });
    Ok(named.collect())
}

/// Sizes of a law, the largest first; 1 in the mean.
fn sizes(law: Option<&TenantSizes>, count: u32) -> Result<Vec<f64>> {
    let (key, parameter) = match law {
        Some(TenantSizes::Zipf(law)) => ("exponent", law.exponent),
        Some(TenantSizes::Lognormal(law)) => ("sigma", law.sigma),
        Some(TenantSizes::Pareto(law)) => ("shape", law.shape),
        Some(TenantSizes::Csv(_)) | None => return Ok(vec![1.0; count as usize]),
    };
    if !(0.01..=20.0).contains(&parameter) {
        return Err(Error::request(format!(
            "`{key}` is `{parameter}`, but must be from 0.01 to 20"
        )));
    }
    let n = f64::from(count);
    let sizes = (1..=count).map(|number| {
        let above = (f64::from(number) - 0.5) / n;
        match law {
            Some(TenantSizes::Zipf(law)) => libm::pow(f64::from(number), -law.exponent),
            Some(TenantSizes::Lognormal(law)) => {
                libm::exp(law.sigma * std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * above))
            }
            _ => libm::pow(above, -1.0 / parameter),
        }
    });
    let sizes: Vec<f64> = sizes.collect();
    let mean = sizes.iter().sum::<f64>() / n;
    Ok(sizes.into_iter().map(|size| size / mean).collect())
}

fn no_csv(error: &csv::Error) -> Error {
    Error::request(format!("the text is no CSV: {error}"))
}

/// The place of a column.
fn column(headers: &csv::StringRecord, name: &str) -> Option<usize> {
    headers.iter().position(|header| header == name)
}

/// What stands in a cell, if there is such a column and anything stands there.
fn given(record: &csv::StringRecord, column: Option<usize>) -> Option<String> {
    let text = record.get(column?)?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// The tenants of a CSV file.
fn of_csv(text: &str, name: &str) -> Result<Vec<Tenant>> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| no_csv(&error).at(name))?.clone();
    let [Some(named), Some(sized)] = ["name", "size"].map(|name| column(&headers, name)) else {
        return Err(Error::request(
            "a column is missing, but sizes have the columns `name` and `size`",
        )
        .at(format!("{name}:1:1"))
        .hint("begin the file with the line `name,size`; `account` and `region` may follow"));
    };
    let [account, region] = ["account", "region"].map(|name| column(&headers, name));
    let mut tenants = Vec::new();
    for (number, record) in reader.records().enumerate() {
        let place = format!("{name}:{}:1", number + 2);
        let record = record.map_err(|error| no_csv(&error).at(&place))?;
        let size = record[sized].parse::<f64>().ok();
        let Some(size) = size.filter(|size| size.is_finite() && *size > 0.0) else {
            return Err(Error::request(format!(
                "`size` is `{}`, but must be a number greater than zero",
                &record[sized]
            ))
            .at(place));
        };
        if record[named].is_empty() {
            return Err(Error::request("`name` is empty, but a tenant has a name").at(place));
        }
        tenants.push(Tenant {
            name: record[named].to_owned(),
            size,
            account: given(&record, account),
            region: given(&record, region),
        });
    }
    if tenants.is_empty() || tenants.len() > MOST as usize {
        return Err(Error::request(format!(
            "the file has {} tenants, but there must be from 1 to {MOST}",
            tenants.len()
        ))
        .at(name));
    }
    Ok(tenants)
}

/// Names that a tenant's tables have in the template.
struct TemplateNames<'a> {
    buckets: BTreeSet<&'a str>,
    principals: BTreeSet<&'a str>,
    /// Of populations and workloads.
    sources: BTreeSet<&'a str>,
}

impl<'a> TemplateNames<'a> {
    fn of(template: &'a TenantsFile) -> Self {
        let populations = template.populations.iter().map(|it| it.name.as_str());
        let workloads = template.workloads.iter().map(|it| it.name.as_str());
        Self {
            buckets: template.buckets.iter().map(|it| it.name.as_str()).collect(),
            principals: template.principals.iter().map(|it| it.name.as_str()).collect(),
            sources: populations.chain(workloads).collect(),
        }
    }

    /// Where a configuration migrates a population of the template, it migrates that of every tenant.
    fn put_into_migrations(&self, file: &mut ScenarioFile, tenants: &[Tenant]) {
        for configuration in &mut file.configurations {
            let named = std::mem::take(&mut configuration.migrated_only);
            for name in named {
                if self.sources.contains(name.as_str()) {
                    let of_tenants = tenants.iter().map(|tenant| tenant.own(&name));
                    configuration.migrated_only.extend(of_tenants);
                } else {
                    configuration.migrated_only.push(name);
                }
            }
        }
    }
}

impl Tenant {
    /// What the tenant's own thing of a name is called.
    fn own(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    /// A KMS key's name: with `{name}` in it, it is the tenant's own.
    fn kms_key(&self, name: Option<&String>) -> Result<Option<String>> {
        let Some(name) = name else { return Ok(None) };
        check_kms_key(name)?;
        Ok(Some(name.replace("{name}", &self.name)))
    }

    /// The same of a name that may be none of the tenant's own.
    fn known(&self, name: &str, own: &BTreeSet<&str>) -> String {
        if own.contains(name) { self.own(name) } else { name.to_owned() }
    }
}

/// Refuses a name of a KMS key in which anything but `{name}` stands for something.
fn check_kms_key(name: &str) -> Result<()> {
    if !name.replace("{name}", "").contains(['{', '}']) {
        return Ok(());
    }
    Err(Error::request(format!(
        "`{name}` is given as a tenant's KMS key, but only `{{name}}` stands for the tenant's name"
    ))
    .hint("write e.g., `kms_key = \"{name}-key\"`"))
}

/// What one tenant has.
struct OfTenant<'a> {
    tenant: &'a Tenant,
    names: &'a TemplateNames<'a>,
}

impl OfTenant<'_> {
    /// Adds it to the scenario.
    fn add(&self, template: &TenantsFile, file: &mut ScenarioFile) -> Result<()> {
        for bucket in &template.buckets {
            file.buckets.push(self.bucket(bucket)?);
        }
        file.principals.extend(template.principals.iter().map(|it| self.principal(it)));
        for population in &template.populations {
            file.populations.push(self.population(population)?);
        }
        for workload in &template.workloads {
            file.workloads.push(self.workload(workload)?);
        }
        Ok(())
    }

    fn bucket(&self, of: &BucketFile) -> Result<BucketFile> {
        let region = self.tenant.region.clone().unwrap_or_else(|| of.region.clone());
        let kms_key = self.tenant.kms_key(of.kms_key.as_ref())?;
        Ok(BucketFile { name: self.tenant.own(&of.name), region, kms_key, ..of.clone() })
    }

    fn principal(&self, of: &PrincipalFile) -> PrincipalFile {
        PrincipalFile {
            name: self.tenant.own(&of.name),
            role: of.role.as_deref().map(|name| self.tenant.own(name)),
            user: of.user.as_deref().map(|name| self.tenant.own(name)),
            account: self.tenant.account.clone().unwrap_or_else(|| of.account.clone()),
            ..of.clone()
        }
    }

    fn population(&self, of: &PopulationFile) -> Result<PopulationFile> {
        let (tenant, names) = (self.tenant, self.names);
        let writer = of.written_by.as_ref();
        Ok(PopulationFile {
            name: tenant.own(&of.name),
            bucket: tenant.known(&of.bucket, &names.buckets),
            objects: of.objects.map(|objects| self.objects(objects)),
            written_at: of.written_at.map(|rate| rate.times(tenant.size)).transpose()?,
            written_by: writer.map(|writer| tenant.known(writer, &names.principals)),
            kms_key: tenant.kms_key(of.kms_key.as_ref())?,
            ..of.clone()
        })
    }

    /// A number of objects by the tenant's size, one at least.
    fn objects(&self, objects: u64) -> u64 {
        (libm::round(objects as f64 * self.tenant.size) as u64).max(objects.min(1))
    }

    fn workload(&self, of: &WorkloadFile) -> Result<WorkloadFile> {
        let (tenant, names) = (self.tenant, self.names);
        let mut workload = WorkloadFile {
            name: tenant.own(&of.name),
            principal: tenant.known(&of.principal, &names.principals),
            bucket: tenant.known(&of.bucket, &names.buckets),
            kms_key: tenant.kms_key(of.kms_key.as_ref())?,
            ..of.clone()
        };
        if let Some(arrivals) = &mut workload.arrivals {
            let rate = arrivals.rate_mut();
            *rate = rate.times(tenant.size)?;
        }
        for step in workload.jobs.iter_mut().flat_map(|jobs| &mut jobs.steps) {
            step.objects = self.objects(step.objects);
            step.rate = step.rate.times(tenant.size)?;
        }
        for source in workload.read.iter_mut().flat_map(|read| &mut read.from) {
            *source = tenant.known(source, &names.sources);
        }
        Ok(workload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::written::{LognormalSizes, ParetoSizes, ZipfSizes};

    #[test]
    fn sizes_are_those_of_their_law_and_one_in_the_mean() {
        let zipf = sizes(Some(&TenantSizes::Zipf(ZipfSizes { exponent: 1.0 })), 4).unwrap();
        // 1 + 1/2 + 1/3 + 1/4 = 25/12.
        let expected = [48.0 / 25.0, 24.0 / 25.0, 16.0 / 25.0, 12.0 / 25.0];
        assert!(zipf.iter().zip(expected).all(|(size, by_hand)| (size - by_hand).abs() < 1e-12));
        let lognormal = TenantSizes::Lognormal(LognormalSizes { sigma: 1.0 });
        let pareto = TenantSizes::Pareto(ParetoSizes { shape: 1.5 });
        for law in [lognormal, pareto] {
            let sizes = sizes(Some(&law), 1_001).unwrap();
            assert!(sizes.is_sorted_by(|a, b| a > b));
            assert!((sizes.iter().sum::<f64>() - 1_001.0).abs() < 1e-6);
            // Median to ninth decile: e^1.2816, and 5^(1/1.5).
            let ratio = sizes[100] / sizes[500];
            let of_law = if matches!(law, TenantSizes::Pareto(_)) { 2.924 } else { 3.602 };
            assert!((ratio / of_law - 1.0).abs() < 0.01, "{ratio}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_of_sizes_is_told_with_its_place() {
        for (text, place) in [
            ("name,rate\na,1\n", "s.csv:1:1"),
            ("name,size\na,1\nb,0\n", "s.csv:3:1"),
            ("name,size\n,1\n", "s.csv:2:1"),
            ("name,size\n", "s.csv"),
        ] {
            let error = of_csv(text, "s.csv").unwrap_err().to_string();
            assert!(error.contains(place), "{error}");
        }
    }
}
