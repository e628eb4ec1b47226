"""The own server answers and takes what AWS's description allows, and nothing else."""

import pytest

from .protocol import Answer, Refusal, Request, answered, parameters_of, service_model

pytestmark = pytest.mark.loopback
STOP = service_model("codedeploy").operation_model("StopDeployment")
GET = service_model("codedeploy").operation_model("GetDeployment")


def request(body: bytes = b"{}") -> Request:
    return Request("POST", "/", {"x-amz-target": "CodeDeploy_20141006.StopDeployment"}, body)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"deploymentInfo": {"status": "Halted"}}, "deploymentInfo.status is 'Halted', none of Created, Queued"),
        ({"deploymentInfo": {"deploymentId": 7}}, "Invalid type for parameter deploymentInfo.deploymentId"),
        ({"deployment": {}}, "Unknown parameter"),
    ],
)
def test_an_answer_that_aws_could_not_give_fails(answer: Answer, says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        answered(request(), GET, answer)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{}", "Missing required parameter"),
        (b'{"deploymentId": 7}', "Invalid type for parameter deploymentId"),
        (b'{"deploymentId": "d-1", "rollback": true}', "Unknown parameter"),
    ],
)
def test_a_request_that_aws_would_not_take_is_refused(body: bytes, says: str) -> None:
    with pytest.raises(Refusal, match=says):
        parameters_of(request(body), STOP)


def test_a_word_that_is_none_of_the_services_and_what_is_too_long_are_refused() -> None:
    start = service_model("ssm").operation_model("StartAutomationExecution")
    with pytest.raises(Refusal, match="Mode is 'Sometimes', none of Auto, Interactive"):
        parameters_of(request(b'{"DocumentName": "d", "Mode": "Sometimes"}'), start)
    long = b'{"DocumentName": "d", "Tags": [{"Key": "' + b"k" * 200 + b'", "Value": "v"}]}'
    with pytest.raises(Refusal, match=r"Tags\[0\].Key has 200 characters, more than 128"):
        parameters_of(request(long), start)
