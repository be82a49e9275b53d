"""The rules on the audit trail in a synthetic month: what they raise without an attack, and whether they find each one.

month     what the people and programs of an installation do
attacks   what attackers do, hidden in the same month
engine    both, played into the real trail, sealer and watch
"""
