# Sets popcam up in .venv on Windows, without administrator rights.
#
#   powershell -ExecutionPolicy Bypass -File scripts\setup.ps1        what is needed to run it
#   powershell -ExecutionPolicy Bypass -File scripts\setup.ps1 dev    and what is needed to change and test it
#
# Everything comes from the package registry that pip and uv are set to, and is held against the hashes in requirements\.
param([ValidateSet('run', 'dev')][string]$Mode = 'run')
$ErrorActionPreference = 'Stop'
Set-Location (Join-Path $PSScriptRoot '..')

function Invoke-Checked {
    # PowerShell goes on after a failed program; we don't.
    param([string]$Program, [string[]]$Arguments)
    & $Program @Arguments
    if ($LASTEXITCODE -ne 0) { throw "popcam setup: $Program ended with status $LASTEXITCODE" }
}

function Find-Python {
    $candidates = @(@('py', '-3.11'), @('py', '-3.12'), @('py', '-3.13'), @('python'), @('python3'))
    foreach ($candidate in $candidates) {
        $program = $candidate[0]
        if (-not (Get-Command $program -ErrorAction SilentlyContinue)) { continue }
        $rest = @($candidate | Select-Object -Skip 1)
        $code = 'import sys; print(sys.executable if (3, 11) <= sys.version_info[:2] <= (3, 13) else "")'
        $found = & $program @rest -c $code 2>$null
        if ($LASTEXITCODE -eq 0 -and $found) { return "$found".Trim() }
    }
    throw 'popcam setup: Python 3.11, 3.12 or 3.13 is needed. popcam 安装：需要 Python 3.11、3.12 或 3.13。'
}

function Find-Uv([string]$Python) {
    $own = '.cache\tools\Scripts\uv.exe'
    if (Test-Path $own) { return $own }
    $installed = Get-Command uv -ErrorAction SilentlyContinue
    if ($installed) { return $installed.Source }
    Write-Host 'popcam setup: getting uv from the package registry'
    Invoke-Checked $Python @('-m', 'venv', '.cache\tools')
    $pip = @('-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '-r', 'requirements\uv.txt')
    Invoke-Checked '.cache\tools\Scripts\python.exe' $pip
    return $own
}

$python = Find-Python
$uv = Find-Uv $python
$target = '.venv\Scripts\python.exe'

if (-not (Test-Path $target)) {
    Write-Host 'popcam setup: making .venv'
    Invoke-Checked $uv @('venv', '--quiet', '--python', $python, '.venv')
}
Write-Host "popcam setup: installing requirements\$Mode.txt"
Invoke-Checked $uv @('pip', 'install', '--quiet', '--python', $target, '--require-hashes', '-r', "requirements\$Mode.txt")
if ($Mode -eq 'dev' -and (Test-Path 'web\package.json')) {
    Invoke-Checked $target @('scripts\web.py', 'install')
}
Write-Host 'popcam setup: installing popcam (the first time this builds the web console, about a minute)'
Invoke-Checked $uv @('pip', 'install', '--quiet', '--python', $target, '--no-deps',
    '--build-constraints', 'requirements\dev.txt', '-e', 'models', '-e', '.')
Write-Host 'popcam setup: ready: .venv\Scripts\popcam demo'
