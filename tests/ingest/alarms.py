"""CloudWatch alarms as SNS carries them and as EventBridge does, in the form that AWS documents."""

from pydantic import JsonValue

from incident_commander.domain.base import JsonObject

ACCOUNT = "111122223333"
REGION = "eu-west-1"


def arn(name: str, account: str = ACCOUNT) -> str:
    """An alarm's ARN."""
    return f"arn:aws:cloudwatch:{REGION}:{account}:alarm:{name}"


def message(
    name: str = "orders-db connections",
    state: str = "ALARM",
    at: str = "2026-03-01T11:59:00.123+0000",
    **changes: JsonValue,
) -> JsonObject:
    """The `Message` of SNS for an alarm of one metric."""
    account = changes.get("AWSAccountId", ACCOUNT)
    return {
        "AlarmName": name,
        "AlarmDescription": "the pool is nearly used up",
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": "2026-01-01T00:00:00.000+0000",
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 1 datapoint [98.0] was greater than the threshold (90.0).",
        "StateChangeTime": at,
        "Region": "EU (Ireland)",
        "AlarmArn": arn(name, str(account)),
        "OldStateValue": "OK",
        "OKActions": [],
        "AlarmActions": ["arn:aws:sns:eu-west-1:111122223333:alarms"],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "DatabaseConnections",
            "Namespace": "AWS/RDS",
            "StatisticType": "Statistic",
            "Statistic": "AVERAGE",
            "Unit": None,
            "Dimensions": [{"value": "orders-db", "name": "DBInstanceIdentifier"}],
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 90.0,
            "TreatMissingData": "missing",
            "EvaluateLowSampleCountPercentile": "",
        },
        **changes,
    }


def event(
    name: str = "orders-db connections",
    state: str = "ALARM",
    at: str = "2026-03-01T11:59:00.123+0000",
    **changes: JsonValue,
) -> JsonObject:
    """EventBridge's event of the same alarm."""
    account = changes.get("account", ACCOUNT)
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": account,
        "time": "2026-03-01T11:59:00Z",
        "region": REGION,
        "resources": [arn(name, str(account))],
        "detail": {
            "alarmName": name,
            "configuration": {
                "description": "the pool is nearly used up",
                "metrics": [
                    {
                        "id": "30b6c6b2-a864-43a2-4877-c09a1afc3b87",
                        "metricStat": {
                            "metric": {
                                "dimensions": {"DBInstanceIdentifier": "orders-db"},
                                "name": "DatabaseConnections",
                                "namespace": "AWS/RDS",
                            },
                            "period": 60,
                            "stat": "Average",
                        },
                        "returnData": True,
                    }
                ],
            },
            "previousState": {"reason": "", "timestamp": "2026-03-01T11:00:00.000+0000", "value": "OK"},
            "state": {
                "reason": "Threshold Crossed: 1 datapoint [98.0] was greater than the threshold (90.0).",
                "reasonData": '{"version":"1.0","recentDatapoints":[98.0],"threshold":90.0}',
                "timestamp": at,
                "value": state,
            },
        },
        **changes,
    }
