"""What the tests of what PowerShell itself would do share."""

from tests.powershell import pwsh as pwsh
