"""What IAM is to allow for reading an account. None of these calls changes anything."""

from ...domain.permission import Statement

READING = Statement(
    sid="ReadTelemetry",
    actions=(
        "cloudformation:DescribeStackResources",
        "cloudformation:DescribeStacks",
        "cloudtrail:LookupEvents",
        "cloudwatch:DescribeAlarmHistory",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:DescribeAnomalyDetectors",
        "cloudwatch:GetMetricData",
        "cloudwatch:ListMetrics",
        "codedeploy:BatchGetDeployments",
        "codedeploy:ListDeployments",
        "ecs:DescribeServices",
        "ecs:DescribeTaskDefinition",
        "ecs:ListClusters",
        "ecs:ListServices",
        "elasticache:DescribeCacheClusters",
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeTargetGroups",
        "lambda:ListEventSourceMappings",
        "lambda:ListFunctions",
        "logs:DescribeLogGroups",
        "logs:FilterLogEvents",
        "logs:GetQueryResults",
        "logs:StartQuery",
        "logs:StopQuery",
        "rds:DescribeDBInstances",
        "tag:GetResources",
        "xray:BatchGetTraces",
        "xray:GetServiceGraph",
        "xray:GetTraceSummaries",
    ),
)
"""What exists is not known before it is read, so that it is on everything."""
