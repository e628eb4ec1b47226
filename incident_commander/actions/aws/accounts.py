"""The AWS accounts of a resources' file, each proven to be the one that it is said to be before anything is asked."""

from collections.abc import Callable

from ...aws import Account, Aws
from .operation import Impossible


class WrongAccount(Impossible):
    """The credentials are those of another account than the resources' file names."""


class Accounts:
    """Makes one `Aws` for each account, and asks it once who it is.

    Args:
        connect: Makes the way to an account; by default with the credentials of this process, or by the account's role.
    """

    def __init__(self, connect: Callable[[Account], Aws] | None = None) -> None:
        self._connect = connect or (lambda account: Aws(account.region, account=account))
        self._known: dict[Account, Aws] = {}
        self._proven: set[Account] = set()

    def of(self, account: Account) -> Aws:
        """The way to an account, not yet proven."""
        if account not in self._known:
            self._known[account] = self._connect(account)
        return self._known[account]

    async def prove(self, account: Account) -> None:
        """Make sure that the credentials are that account's.

        Raises:
            WrongAccount: they are another's.
            AwsError: nobody could be asked.
        """
        if account in self._proven:
            return
        identity = await self.of(account).identity()
        if identity.account != account.id:
            raise WrongAccount(
                f"the credentials are of account {identity.account} ({identity.arn}), and the resources' file says "
                f"{account.id}; nothing was done. Give the right credentials, or mend the file"
            )
        self._proven.add(account)

    def close(self) -> None:
        """Let go of every way."""
        for aws in self._known.values():
            aws.close()
        self._known.clear()
        self._proven.clear()
