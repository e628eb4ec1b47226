"""AWS as a source of everything: CloudWatch, its logs and alarms, X-Ray, CloudTrail, and what there is.

Importing this imports the official client: only who reads AWS pays for that.
"""

from .readings import ReadingsError, load_readings
from .source import AwsAt, AwsSource, aws_sources

__all__ = ["AwsAt", "AwsSource", "ReadingsError", "aws_sources", "load_readings"]
