from incident_commander.analysis.service_views import resources_of


def test_views_of_a_resource_are_the_resource() -> None:
    nodes = ["f", "f_AWS::Lambda", "f_AWS::Lambda::Function", "shop_client", "shop_AWS::ECS::Fargate"]
    assert resources_of(nodes) == {"f": "f_AWS::Lambda::Function", "shop_client": "shop_AWS::ECS::Fargate"}


def test_a_name_that_several_resources_bear_is_nobodys_view() -> None:
    assert resources_of(["a", "a_AWS::ECS::Fargate", "a_AWS::DynamoDB::Table"]) == {}


def test_plain_names_are_left_alone() -> None:
    assert resources_of(["edge", "orders", "orders-db", "AWS::StepFunctions::StateMachine"]) == {}
