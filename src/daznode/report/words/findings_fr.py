"""French wording of alerts, advice, evidence and the narrative; same keys as the English one."""

from typing import Final

ALERTS: Final[dict[str, tuple[str, str]]] = {
    "poor_connectivity.unknown": (
        "Le réseau ne connaît pas ce nœud",
        "Le dernier instantané du réseau ne contient ni annonce ni canal de cette clé. "
        "Vérifiez la clé, et que le nœud a bien un canal public.",
    ),
    "poor_connectivity.no_snapshot": (
        "Le réseau n'est pas encore connu",
        "Aucun instantané du réseau n'est stocké : rien ne peut être dit de la place du nœud. "
        "Importez-en un.",
    ),
    "poor_connectivity.narrow": (
        "Trop étroit pour un paiement courant",
        "Le nœud a {peers_count:pair|pairs}, mais 100 000 sat ne peuvent sortir par aucun canal actif : le plus grand "
        "en contient {largest_sats}, ou ses limites sont plus étroites. Les paiements plus gros passent ailleurs.",
    ),
    "poor_connectivity.no_channels": (
        "Aucun canal public",
        "L'instantané connaît le nœud mais aucun de ses canaux : rien ne peut être relayé. "
        "Ouvrez un premier canal vers un pair bien connecté.",
    ),
    "poor_connectivity.no_route": (
        "Aucune sortie utilisable",
        "Le nœud a {peers_count:pair|pairs}, mais aucun canal actif : les politiques sont "
        "désactivées ou absentes. Vérifiez que les pairs sont en ligne.",
    ),
    "poor_connectivity.single_peer": (
        "Un seul pair",
        "Tout le trafic dépend de {peer} : si ce pair tombe, le nœud tombe avec lui, et rien ne peut "
        "être relayé entre deux pairs. Un second canal ailleurs en fait un routeur.",
    ),
    "poor_connectivity.edge": (
        "Au bord du réseau",
        "Le score de centralité est de {centrality_score}, sous {limit_score}, avec {peers_count:pair|pairs}. "
        "Peu de routes bon marché passent ici ; voyez les pairs proposés.",
    ),
    "channel_inactive.own": (
        "{channels_count:canal inactif|canaux inactifs}",
        "Sur {of_count} canaux, {channels_count:est inutilisable|sont inutilisables} car le pair est hors ligne : "
        "{capacity_sats}, {share_ratio} de la capacité. Le plus grand est avec {peer}.",
    ),
    "channel_inactive.public": (
        "{channels_count:canal annoncé désactivé|canaux annoncés désactivés}",
        "Sur {of_count} canaux, le nœud en annonce {channels_count:désactivé|désactivés} : {capacity_sats}, {share_ratio} de sa "
        "capacité. En général le pair est hors ligne ; vérifiez la connexion.",
    ),
    "low_liquidity.outbound": (
        "Peu de liquidité sortante",
        "Seuls {side_ratio} des soldes sont de notre côté ({side_sats}), sous {limit_ratio} : "
        "des relais échouent faute de liquidité sortante.",
    ),
    "low_liquidity.inbound": (
        "Peu de liquidité entrante",
        "Seuls {side_ratio} des soldes sont du côté des pairs ({side_sats}), sous {limit_ratio} : "
        "les paiements peuvent à peine entrer, donc peu peut être relayé.",
    ),
    "low_liquidity.depleted": (
        "{channels_count:canal vidé|canaux vidés}",
        "Des canaux avec moins de {limit_ratio} de notre côté ont dû refuser {refused_count:relais|relais} cette semaine, "
        "soit {missed_msat} de frais. Le plus coûteux est avec {peer}.",
    ),
    "high_fee_variance": (
        "Des frais très dispersés",
        "Les canaux actifs demandent de {low_ppm} à {high_ppm}. Si ce n'est pas voulu, "
        "regardez les deux extrêmes.",
    ),
    "stale_channels": (
        "{channels_count:canal dont la politique est ancienne|canaux dont la politique est ancienne}",
        "La politique n'a pas été rafraîchie depuis plus de {limit_days}. D'autres nœuds peuvent oublier "
        "un tel canal et le contourner. Un nœud en ligne rafraîchit tous les jours ou deux.",
    ),
    "stale_data": (
        "L'instantané du réseau est ancien",
        "Il a {age_days} : tout ce qui est dit du réseau décrit ce jour-là. "
        "Importez un graphe récent.",
    ),
    "peers_lost": (
        "{peers_count:pair perdu|pairs perdus} depuis la veille",
        "Des canaux avec {peer} et d'autres, {capacity_sats} en tout, ont disparu du réseau.",
    ),
    "node_not_synced.chain": (
        "Le nœud ne suit pas la chaîne",
        "Il en est au bloc {block_height}. Tant qu'il n'a pas rattrapé, il ne voit pas les fermetures "
        "de ses canaux : vérifiez tout de suite le service bitcoin.",
    ),
    "node_not_synced.graph": (
        "Le nœud ne suit pas les annonces",
        "Sa carte du réseau n'est pas à jour ; ses propres paiements peuvent échouer.",
    ),
    "high_failure_ratio": (
        "La plupart des relais ont échoué",
        "Sur {asked_count:relais demandé|relais demandés} en 24 heures, {success_ratio} ont abouti, sous {limit_ratio}. "
        "{refused_count} ont été refusés ici, les autres ont échoué plus loin.",
    ),
    "rebalance_loss": (
        "Le rééquilibrage a coûté plus que les relais n'ont rapporté",
        "Cette semaine, {cost_msat} payés en paiements circulaires pour {revenue_msat} gagnés.",
    ),
    "revenue_drop": (
        "Revenu en baisse de {drop_ratio}",
        "{today_msat} en 24 heures contre {mean_msat} par jour sur les six jours précédents.",
    ),
    "idle_channels": (
        "{channels_count:canal sans trafic|canaux sans trafic}",
        "Rien n'est passé pendant {limit_days} par des canaux de {capacity_sats} en tout, bien que leurs pairs soient en ligne.",
    ),
    "backup_gap.none": (
        "Aucune sauvegarde des canaux n'est gardée",
        "{channels_count:canal ouvert n'a|canaux ouverts n'ont} pas de sauvegarde statique ici. Après la perte d'un disque, leurs fonds "
        "ne pourraient pas être redemandés. Vérifiez que l'identifiant permet l'export.",
    ),
    "backup_gap.uncovered": (
        "{channels_count:canal ouvert manque|canaux ouverts manquent} à la sauvegarde",
        "À la sauvegarde la plus récente manquent {channels_count} des {of_count} canaux ouverts. "
        "Exportez-en une nouvelle : `daznode sync`.",
    ),
    "backup_gap.old": (
        "La sauvegarde des canaux est ancienne",
        "Elle a été exportée il y a {age_hours_count:heure|heures} ; une synchronisation en refait une quand il le faut. "
        "Au-delà de {limit_hours_count:heure|heures}, il faut y regarder.",
    ),
    "htlc_expiry": (
        "{htlcs_count:paiement|paiements} en cours près de l'échéance",
        "Le premier expire dans {left_count:bloc|blocs}, sous les {limit_count} à partir desquels il faut y regarder ; {amount_sats} en tout. S'il n'est pas "
        "résolu d'ici là, le canal sera fermé de force. Vérifiez que le pair est en ligne.",
    ),
    "pending_force_close": (
        "{channels_count:canal en fermeture forcée|canaux en fermeture forcée}",
        "{limbo_sats} sont immobilisés jusqu'à ce que la fermeture soit confirmée et ses délais passés.",
    ),
    "pending_force_close.counting": (
        "{channels_count:canal en fermeture forcée|canaux en fermeture forcée}",
        "{limbo_sats} sont immobilisés ; les derniers seront dépensables dans {left_count:bloc|blocs}.",
    ),
    "anchor_reserve": (
        "Trop peu sur la chaîne pour relever les frais",
        "Le portefeuille contient {held_sats}, moins que les {reserve_sats} que le nœud garde pour relever les frais de ses "
        "canaux à ancres. En cas de fermeture forcée, il pourrait arriver trop tard : envoyez-lui des fonds.",
    ),
}

ADVICE: Final[dict[str, tuple[str, str, str]]] = {
    "raise_fee": (
        "Augmenter les frais vers {peer}",
        "Le canal se vide : il a dû refuser {refused_count:relais|relais} cette semaine. "
        "À {fee_ppm}, la demande dépasse ce qu'il peut porter.",
        "Passer {scid} de {fee_ppm} à {new_ppm}, sans toucher aux autres champs.",
    ),
    "refill": (
        "Remplir le canal avec {peer}",
        "Les relais refusés faute de solde auraient rapporté plus que ne coûte un remplissage au prix "
        "des derniers.",
        "Rééquilibrer {amount_sats} vers {scid}, à {limit_ppm} au plus.",
    ),
    "cut_fee": (
        "Baisser les frais vers {peer}",
        "Le canal est plein de notre côté et n'a rien vendu depuis quinze jours à {fee_ppm} ; "
        "les autres demandent {p50_ppm} en médiane.",
        "Passer {scid} de {fee_ppm} à {new_ppm}, sans toucher aux autres champs.",
    ),
    "stop_refilling": (
        "Ne plus remplir le canal avec {peer}",
        "Les remplissages ont coûté {cost_msat} cette semaine, le canal a rapporté {revenue_msat}.",
        "Suspendre le rééquilibrage vers {scid}, ou porter ses frais au-dessus des {refill_ppm} que coûte un remplissage.",
    ),
    "raise_cheap_fee": (
        "Trop bon marché vers {peer}",
        "{fee_ppm}, c'est moins que le premier quartile des autres ({p25_ppm}), et le canal vend.",
        "Passer {scid} de {fee_ppm} à {new_ppm}, sans toucher aux autres champs.",
    ),
    "wake_peer": (
        "Faire revenir {peer}",
        "Le pair est hors ligne et {capacity_sats} sont immobilisés dans le canal.",
        "Se reconnecter au pair et écrire à son opérateur ; s'il reste absent des semaines, fermer {scid}.",
    ),
    "free_capital": (
        "{channels_count:canal à mieux employer|canaux à mieux employer}",
        "Rien n'est passé dans aucun sens depuis quinze jours, et {local_sats} sont immobilisés de notre côté ; "
        "le plus grand est avec {peer}.",
        "Fermer ces canaux quand les frais on-chain sont bas, et ouvrir vers l'un des pairs proposés.",
    ),
    "above_market": (
        "{channels_count:canal au-dessus du marché|canaux au-dessus du marché}",
        "Vers {peer}, le nœud demande {fee_ppm} ; les trois quarts de la capacité des autres demandent "
        "{p75_ppm} ou moins. Le trafic passe ailleurs.",
        "Si {scid} est plein de votre côté, le rapprocher de {p50_ppm} ; s'il est vide, le prix est bon.",
    ),
    "below_market": (
        "{channels_count:canal en dessous du marché|canaux en dessous du marché}",
        "Vers {peer}, le nœud demande {fee_ppm} ; les trois quarts de la capacité des autres demandent "
        "{p25_ppm} ou plus.",
        "Si {scid} se vide vite, le rapprocher de {p25_ppm}.",
    ),
    "enable_channels": (
        "Réactiver les canaux désactivés",
        "{channels_count:canal est annoncé désactivé|canaux sont annoncés désactivés}, pour {capacity_sats} ; le plus grand est avec {peer}.",
        "Se reconnecter aux pairs ; un canal qui reste désactivé est à fermer.",
    ),
    "refresh_policies": (
        "Rafraîchir les politiques anciennes",
        "{channels_count:politique a|politiques ont} plus de {limit_days} ; d'autres nœuds peuvent oublier les canaux concernés.",
        "Vérifier que le nœud est en ligne et diffuse ses annonces ; réappliquer la même politique la rafraîchit.",
    ),
    "raise_htlc_maximum": (
        "Accepter des paiements plus gros",
        "{channels_count:canal refuse|canaux refusent} des paiements bien plus petits que ce qui passerait, par exemple avec {peer}.",
        "Augmenter htlc_maximum de {scid} vers la capacité, sauf si c'est voulu.",
    ),
    "open_channel": (
        "Un nouveau pair : {peer}",
        "Parmi les nœuds les mieux connectés, celui-ci rapprocherait le plus le nœud de tous les autres "
        "({peers_count:pair|pairs} aujourd'hui).",
        "Ouvrir {capacity_sats} (la médiane de ses canaux) vers {key}.",
    ),
}

BASIS: Final[dict[str, str]] = {
    "demand_exceeds_supply": "L'écart de prix sur ce qui s'est vendu cette semaine, sur 30 jours ; la même quantité se vend tant que la demande dépasse l'offre.",
    "missed_less_refill": "Frais manqués en quinze jours, moins le coût de remplir ce montant, ramenés à 30 jours ; il faut remplir plusieurs fois.",
    "median_turnover": "Si le canal se vend ensuite comme le canal médian du nœud ; une estimation, pas une promesse.",
    "no_history": "Pas d'estimation : le canal n'a pas d'historique sur lequel s'appuyer.",
    "cost_less_revenue": "Coût des remplissages évité, moins tout ce que le canal a rapporté, ramené à 30 jours.",
    "same_volume": "L'écart de prix sur ce qui s'est vendu cette semaine, sur 30 jours, si le volume se maintient ; un plafond.",
    "earned_before": "Ce que le canal a rapporté ou aidé à rapporter ces quinze derniers jours, ramené à 30 jours.",
    "capital_only": "Pas d'estimation : cela libère du capital, son rendement dépend de son emploi.",
    "public_only": "Pas d'estimation : les gains ne sont pas connus par les données publiques.",
    "not_measurable": "Pas d'estimation : rien de mesuré ne permet d'en donner une.",
}

ROI_UNKNOWN: Final = (
    "Pas d'estimation : ni la demande vers ce pair ni les frais on-chain ne sont connus."
)

CLUES: Final[dict[str, str]] = {
    "local_ratio": "De notre côté",
    "sold_week_sats": "Vendu en 7 jours",
    "refused_week_sats": "Refusé en 7 jours",
    "revenue_week_msat": "Gagné en 7 jours",
    "market_p25_ppm": "Les autres, premier quartile",
    "market_p50_ppm": "Les autres, médiane",
    "market_p75_ppm": "Les autres, troisième quartile",
    "competitors_count": "Canaux concurrents",
    "refused_fortnight_count": "Refusés en 14 jours",
    "missed_fortnight_msat": "Frais manqués en 14 jours",
    "refill_cost_ppm": "Coût du remplissage",
    "forwards_fortnight_count": "Relais sortants en 14 jours",
    "refilled_week_sats": "Rempli en 7 jours",
    "refill_cost_week_msat": "Coût des remplissages en 7 jours",
    "capacity_sats": "Capacité",
    "earned_fortnight_msat": "Gagné et assisté en 14 jours",
    "idle_days": "Sans trafic",
    "bound_sats": "Capacité immobilisée",
    "disabled_sats": "Capacité désactivée",
    "oldest_policy_days": "Politique la plus ancienne",
    "htlc_maximum_ratio": "Plus gros paiement sur capacité",
    "peer_score": "Score du pair",
    "harmonic_gain_ratio": "Proximité gagnée",
    "hops_now_count": "Sauts aujourd'hui",
    "inbound_ppm": "Frais des autres vers lui",
}

NARRATIVE: Final[dict[str, str]] = {
    "own": "Dans les 24 heures jusqu'au {until_moment}, le nœud a réglé {forwards_count:relais|relais} et gagné {revenue_sats}.",
    "own_idle": "Dans les 24 heures jusqu'au {until_moment}, le nœud n'a réglé aucun relais.",
    "success": "De ce qui lui a été demandé, {success_ratio} a abouti.",
    "net": "Sur sept jours, {revenue_sats} sont entrés et {cost_sats} sont partis en rééquilibrage : {net_signed_sats} net.",
    "score": "Il se classe {rank_place} sur {nodes_count:nœud|nœuds}, avec un score de {overall_score}.",
    "score_up": "Le score a monté de {delta_score} depuis la veille.",
    "score_down": "Le score a baissé de {delta_score} depuis la veille.",
    "public": "Ce rapport repose sur les seules données publiques : {channels_count:canal annoncé|canaux annoncés} pour {capacity_sats}.",
    "alerts_none": "Rien ne demande d'attention.",
    "alerts_some": "{alerts_count:point demande|points demandent} de l'attention.",
    "advice": "Prochaine action conseillée : {title}.",
    "advice_gain": "Prochaine action conseillée : {title} (environ {gain_sats} en 30 jours).",
}

SOURCES: Final[dict[str, str]] = {
    "snapshot_old": "observé {age_days} avant ce rapport",
    "snapshot_none": "aucun instantané du réseau n'est stocké ; importez-en un avec `daznode network import FILE`",
    "node_unknown": "cette clé n'est pas dans l'instantané",
    "history_none": "aucun instantané de la veille n'est stocké",
    "history_days": "{known_count} jours sur {of_count}",
    "failures_unwatched": "les relais échoués ne sont connus que pendant que `daznode sync --follow` écoute",
    "node_none": "aucun nœud n'est connecté",
}
